package web

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseURLSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"empty", "", "URL is empty: give one such as https://example.com/news"},
		{"relative", "/news", `URL /news has the scheme "": use http or https`},
		{"file", "file:///etc/passwd", `URL file:///etc/passwd has the scheme "file": use http or https`},
		{"gopher", "gopher://example.com/", `URL gopher://example.com/ has the scheme "gopher": use http or https`},
		{"no host", "https:///news", "URL https:///news names no host: give one such as https://example.com/news"},
		{"opaque", "https:example.com", "URL https: names no host: give one such as https://example.com/news"},
		{"port 0", "https://example.com:0/", "URL https://example.com:0/ has the port 0: use 1 to 65535"},
		{"high port", "https://example.com:70000/", "URL https://example.com:70000/ has the port 70000: use 1 to 65535"},
		{"credentials", "https://ann:s3cret@example.com/", "URL https://example.com/ carries a user name or password: remove it"},
		{"space in host", "https://exa mple.com/", `URL is not valid: invalid character " " in host name: percent-encode special characters`},
		{"broken credentials", "https://ann:s3cret/@example.com:x/", "URL is not valid: percent-encode special characters and leave out user names and passwords"},
		{"control character", "https://example.com/\n", "URL is not valid: net/url: invalid control character in URL: percent-encode special characters"},
		{"too long", "https://example.com/" + strings.Repeat("a", MaxURL), "URL has 8020 bytes: at most 8000 are allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseURL(c.url)
			if fmt.Sprint(err) != c.want {
				t.Fatalf("error %v, want %q", err, c.want)
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
