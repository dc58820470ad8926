package web

import (
	"strings"
	"testing"
)

func TestParseURLSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"empty", "", "URL is empty"},
		{"relative", "/news", `the scheme ""`},
		{"file", "file:///etc/passwd", `the scheme "file"`},
		{"gopher", "gopher://example.com/", "use http or https"},
		{"no host", "https:///news", "names no host"},
		{"opaque", "https:example.com", "names no host"},
		{"port 0", "https://example.com:0/", "port 0: use 1 to 65535"},
		{"high port", "https://example.com:70000/", "port 70000"},
		{"credentials", "https://ann:s3cret@example.com/", "carries a user name or password"},
		{"space in host", "https://exa mple.com/", "URL is not valid"},
		{"broken credentials", "https://ann:s3cret/@example.com:x/", "URL is not valid"},
		{"control character", "https://example.com/\n", "control character"},
		{"too long", "https://example.com/" + strings.Repeat("a", MaxURL), "at most 8000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseURL(c.url)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want it to say %q", err, c.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Fatalf("error %q repeats the password", err)
			}
		})
	}
}

func TestParseURLTakesOrdinaryURLs(t *testing.T) {
	for _, url := range []string{
		"http://example.com",
		"https://example.com:8443/a/b?c=d#e",
		"http://127.0.0.1:8080/docs/",
		"http://[2001:db8::1]/",
		"https://bücher.example/ü?q=ü",
	} {
		if _, err := ParseURL(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("https://example.com:8443/a?b=c#d")
	f.Add("http://u:p@[::1]:80/%zz")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseURL(raw)
		if err != nil {
			return
		}
		if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
			t.Fatalf("%q was accepted as %v", raw, u)
		}
	})
}
