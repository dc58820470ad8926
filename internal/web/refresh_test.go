package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestARefreshLeadsToAnotherPage(t *testing.T) {
	pages := map[string]string{
		"/quoted":   `<head><META HTTP-EQUIV="Refresh" content="0; URL='/to'"></head>`,
		"/bare":     `<meta content="0;url=to" http-equiv=refresh>`,
		"/noname":   `<meta http-equiv="refresh" content="5, /to">`,
		"/ten":      `<meta http-equiv="refresh" content=" 10.5 ; url = /to ">`,
		"/entity":   `<meta http-equiv="refresh" content="0;url=/to?a=1&amp;b=2">`,
		"/slow":     `<meta http-equiv="refresh" content="11;url=/to">`,
		"/self":     `<meta http-equiv="refresh" content="0;url=/self#top">`,
		"/reload":   `<meta http-equiv="refresh" content="5">`,
		"/body":     `<body><meta http-equiv="refresh" content="0;url=/to">`,
		"/noscript": `<noscript><meta http-equiv="refresh" content="0;url=/to"></noscript>`,
		"/script":   `<meta http-equiv="refresh" content="0;url=javascript:alert(1)">`,
		"/broken":   `<meta http-equiv="refresh" content="0;url=http://[::1">`,
		"/far":      strings.Repeat("<!-- -->", refreshWithin/8) + `<meta http-equiv="refresh" content="0;url=/to">`,
		"/header":   "", "/text": `<meta http-equiv="refresh" content="0;url=/to">`,
	}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/header":
			w.Header().Set("Refresh", "1; url=/to")
		case "/text":
			w.Header().Set("Content-Type", "text/plain")
		}
		_, _ = w.Write([]byte(pages[r.URL.Path]))
	})
	f := fetcher(t, Options{})
	for path, want := range map[string]string{
		"/quoted": "/to", "/bare": "/to", "/noname": "/to", "/ten": "/to", "/entity": "/to?a=1&b=2", "/header": "/to",
		"/slow": "/slow", "/self": "/self", "/reload": "/reload", "/body": "/body", "/noscript": "/noscript", "/script": "/script",
		"/broken": "/broken", "/far": "/far", "/text": "/text",
	} {
		if page := get(t, f, Request{URL: url + path}); page.URL != url+want {
			t.Errorf("%s led to %s, want %s", path, page.URL, want)
		}
	}
}

func TestARefreshIsCheckedLikeARedirect(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		to := map[string]string{"/file": "file:///etc/passwd", "/credentials": "http://ann:s3cret@example.com/"}[r.URL.Path]
		if strings.HasPrefix(r.URL.Path, "/longer") {
			to = r.URL.Path + "r"
		}
		_, _ = w.Write([]byte(`<meta http-equiv="refresh" content="0;url=` + to + `">`))
	})
	f := fetcher(t, Options{})
	for path, words := range map[string]string{
		"/longer":      "redirect refused: more than 5 redirects, the last to " + url + "/longerrrrrrr",
		"/file":        `redirect refused: URL file:///etc/passwd has the scheme "file": use http or https`,
		"/credentials": "redirect refused: URL http://example.com/ carries a user name or password: remove it",
	} {
		wantFailure(t, failure(t, f, url+path), false, words)
	}
}

func FuzzRefresh(f *testing.F) {
	f.Add(`<meta http-equiv="refresh" content="0; URL='/to'">`, "")
	f.Add("", `5;url="x`)
	f.Fuzz(func(t *testing.T, body, header string) {
		u, _ := ParseURL("https://example.com/a")
		page := &Page{ContentType: "text/html", Body: []byte(body)}
		if next := refreshed(u, page, header); next != nil && next.Scheme == "javascript" {
			t.Fatalf("leads to %s", next)
		}
	})
}
