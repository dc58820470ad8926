package documents

import (
	"net/url"
	"regexp"
	"testing"
)

func TestCanonicalIsOneFormPerPage(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://example.com", "https://example.com/"},
		{"HTTPS://Example.COM/News", "https://example.com/News"},
		{"https://example.com:443/", "https://example.com/"},
		{"http://example.com:80/", "http://example.com/"},
		{"http://example.com:8080/", "http://example.com:8080/"},
		{"http://example.com:443/", "http://example.com:443/"},
		{"http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"},
		{"https://example.com/a#comments", "https://example.com/a"},
		{"https://example.com/a?", "https://example.com/a"},
		{"https://example.com/a?utm_source=x&id=4&UTM_Medium=y", "https://example.com/a?id=4"},
		{"https://example.com/a?fbclid=1&gclid=2", "https://example.com/a"},
		{"https://example.com/a?b=2&a=1&c=%20", "https://example.com/a?b=2&a=1&c=%20"},
		{"https://example.com/a?mtm_campaign=x&srsltid=y&xtor=RSS-1", "https://example.com/a"},
		{"https://example.com/a?utmost=1", "https://example.com/a?utmost=1"},
		{"https://example.com/a%2Fb/", "https://example.com/a%2Fb/"},
		{"https://BÜCHER.example/ü", "https://xn--bcher-kva.example/%C3%BC"},
		{"https://a_b.example/", "https://a_b.example/"},
		{"https://ann:secret@example.com/", "https://example.com/"},
	} {
		u, err := url.Parse(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Canonical(u); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

func FuzzCanonicalChangesNothingTheSecondTime(f *testing.F) {
	f.Add("HTTP://Example.com:80/a/../b?utm_x=1&&c=%zz#f")
	f.Add("https://[::1]:443?=&a")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return
		}
		once := Canonical(u)
		again, err := url.Parse(once)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, once, err)
		}
		if twice := Canonical(again); twice != once {
			t.Fatalf("%q became %q, then %q", raw, once, twice)
		}
	})
}

func TestIDDependsOnTheURLAlone(t *testing.T) {
	a, b := ID("https://example.com/a"), ID("https://example.com/b")
	if a == b || a != ID("https://example.com/a") {
		t.Fatalf("IDs %s and %s", a, b)
	}
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(a) {
		t.Fatalf("ID %q", a)
	}
}

func TestHashIgnoresWhiteSpaceOnly(t *testing.T) {
	base := hash(Document{Title: "A title", Text: "One two.\n\nThree."})
	for _, c := range []struct {
		d    Document
		same bool
	}{
		{Document{Title: " A  title", Text: "One  two. Three.\n"}, true},
		{Document{Title: "A title", Text: "One two. Three.", Source: "x", Language: "en"}, true},
		{Document{Title: "A title", Text: "One two. Four."}, false},
		{Document{Title: "A", Text: "title One two. Three."}, false},
	} {
		if same := hash(c.d) == base; same != c.same {
			t.Errorf("%+v: same %v, want %v", c.d, same, c.same)
		}
	}
}
