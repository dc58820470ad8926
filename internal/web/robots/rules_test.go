package robots

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// googles are the cases of Google's own parser. A URL of theirs is compared as it is written.
type googles struct {
	Test, Robots, UA, URL string
	Allow                 bool
}

func TestGooglesCasesAreAnsweredAsGoogleDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/google.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []googles
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 142 {
		t.Fatalf("%d cases, want 142", len(cases))
	}
	for i, c := range cases {
		_, path, _ := strings.Cut(strings.TrimPrefix(c.URL, "http://"), "/")
		if got := Parse([]byte(c.Robots), c.UA).Allows("/" + path); got != c.Allow {
			t.Errorf("case %d, %s: %q allows %q to fetch %s: %v, want %v", i, c.Test, c.Robots, c.UA, c.URL, got, c.Allow)
		}
	}
}

func TestTheTokenIsTheNameOfTheUserAgent(t *testing.T) {
	for agent, want := range map[string]string{
		"Switchyard/1.0 (background worker)": "Switchyard", "Switchyard": "Switchyard",
		"news-bot_x 2": "news-bot_x", "": "", "1bot": "",
	} {
		if got := Token(agent); got != want {
			t.Errorf("token of %q: %q, want %q", agent, got, want)
		}
	}
}

func TestAPathIsComparedEscaped(t *testing.T) {
	rules := Parse([]byte("User-agent: *\nDisallow: /ツ\nDisallow: /a?q=ü"), "Switchyard")
	for _, raw := range []string{"https://e.example/ツ", "https://e.example/%e3%83%84/x", "https://e.example/a?q=%c3%bc", "https://e.example/a?q=ü"} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if rules.Allows(Path(u)) {
			t.Errorf("%s is allowed", raw)
		}
	}
}

func TestADelayIsOfOurGroupAndBounded(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"User-agent: *\nCrawl-delay: 2.5":                                    2500 * time.Millisecond,
		"User-agent: *\nCrawl-delay: 2\n\nUser-agent: switchyard\nDisallow:": 0,
		"User-agent: switchyard\nCrawl-delay: 3600":                          MaxDelay,
		"User-agent: switchyard\nCrawl-delay: -1\nCrawl-delay: NaN":          0,
		"User-agent: switchyard\nCrawl-delay: soon":                          0,
		"Crawl-delay: 5": 0,
		"User-agent: other\nDisallow: /\nUser-agent: switchyard\nCrawl-delay: 1": time.Second,
	} {
		if got := Parse([]byte(text), "Switchyard").Delay; got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestAFileIsReadUpToItsBound(t *testing.T) {
	head, tail := "User-agent: *\n"+strings.Repeat("Disallow: /page\n", 500<<10/16), "Disallow: /late\n"
	if Parse([]byte(head[:500<<10]+"\n"+tail), "Switchyard").Allows("/late") {
		t.Error("a rule within 500 KiB is not read")
	}
	if !Parse([]byte(head+strings.Repeat("\n", MaxFile)+tail), "Switchyard").Allows("/late") {
		t.Error("a rule beyond the bound is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /\n", "/ab")
	f.Add("\xef\xbb\xbfUser-agent switchyard # x\r\nDisallow: /%e3ツ\r\nCrawl-delay: 1e9", "/%E3")
	f.Fuzz(func(t *testing.T, file, path string) {
		rules := Parse([]byte(file), "Switchyard")
		if rules.Delay < 0 || rules.Delay > MaxDelay {
			t.Fatalf("delay %s", rules.Delay)
		}
		for _, rule := range rules.Rules {
			if rule.Path == "" || strings.ContainsAny(rule.Path, "\r\n#") {
				t.Fatalf("rule %+v", rule)
			}
		}
		rules.Allows(path)
		// A file that begins with a rule for all of the site, and then allows nothing, allows nothing.
		if Parse([]byte("User-agent: Switchyard\nDisallow: *\n"), "Switchyard").Allows("/" + path) {
			t.Fatalf("%q is allowed", path)
		}
	})
}
