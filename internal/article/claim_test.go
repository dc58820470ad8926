package article

import (
	"net/url"
	"testing"
)

func TestAPageSpeaksForItsOwnSiteOnly(t *testing.T) {
	for _, c := range []struct{ page, claim, want string }{
		{"https://example.com/a?utm_source=x#c", "", "https://example.com/a"},
		{"https://example.com/a?p=2", "https://example.com/a", "https://example.com/a"},
		{"https://example.com/a?p=2", "/a", "https://example.com/a"},
		{"https://m.example.com/a", "https://www.example.com/a#top", "https://www.example.com/a"},
		{"https://example.com/a", "http://example.com/a", "http://example.com/a"},
		{"https://evil.example.net/a", "https://www.example.com/a", "https://evil.example.net/a"},
		{"https://evil.co.uk/a", "https://bank.co.uk/a", "https://evil.co.uk/a"},
		{"https://evil.github.io/a", "https://good.github.io/a", "https://evil.github.io/a"},
		{"https://evil.公司.cn/a", "https://good.公司.cn/a", "https://evil.xn--55qx5d.cn/a"},
		{"https://notexample.com/a", "https://example.com/a", "https://notexample.com/a"},
		{"http://10.0.0.1/a", "http://11.0.0.1/a", "http://10.0.0.1/a"},
		{"http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b", "http://127.0.0.1:8080/b"},
		{"http://127.0.0.1:8080/a", "http://127.0.0.1:9090/b", "http://127.0.0.1:8080/a"},
		{"http://localhost/a", "http://localhost/b", "http://localhost/b"},
		{"https://a.example.com:8443/a", "https://example.com/a", "https://a.example.com:8443/a"},
		{"https://com/a", "https://com/b", "https://com/b"},
		{"https://example.com/a", "javascript:alert(1)", "https://example.com/a"},
		{"https://example.com/a", "ftp://example.com/b", "https://example.com/a"},
		{"https://example.com/a", "https://ann:secret@example.com/b", "https://example.com/a"},
		{"https://example.com/a", "https://[::1", "https://example.com/a"},
		{"https://example.com/a", "https://example.com/", "https://example.com/a"},
		{"https://example.com/?p=4", "/", "https://example.com/?p=4"},
		{"https://example.com/", "https://www.example.com/", "https://www.example.com/"},
	} {
		u, err := url.Parse(c.page)
		if err != nil {
			t.Fatal(err)
		}
		if got := claimed(u, c.claim); got != c.want {
			t.Errorf("%s claiming %q: %s, want %s", c.page, c.claim, got, c.want)
		}
	}
}
