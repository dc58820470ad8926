package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// fetcher returns a fetcher that may reach the test's own servers.
func fetcher(t *testing.T, options Options) *Fetcher {
	t.Helper()
	options.AllowPrivate = true
	f := NewFetcher(options)
	t.Cleanup(f.Close)
	return f
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// failure returns the error of fetching url, which must be an [Error].
func failure(t *testing.T, f *Fetcher, url string) *Error {
	t.Helper()
	page, err := f.Fetch(t.Context(), Request{URL: url})
	var failed *Error
	if !errors.As(err, &failed) {
		t.Fatalf("fetch %s: page %v, error %v, want an *Error", url, page, err)
	}
	return failed
}

// reason returns what an error says behind the URL.
func reason(failed *Error) string {
	_, reason, _ := strings.Cut(strings.TrimPrefix(failed.Error(), "fetch http"), ": ")
	return reason
}

func wantFailure(t *testing.T, got *Error, temporary bool, want string) {
	t.Helper()
	if got.Temporary != temporary || reason(got) != want {
		t.Fatalf("error %q (temporary %v), want temporary %v and %q", got, got.Temporary, temporary, want)
	}
}

func wantPrivate(t *testing.T, got *Error) {
	t.Helper()
	if got.Temporary || !strings.HasPrefix(reason(got), "private address refused: dial tcp ") {
		t.Fatalf("error %q (temporary %v), want a private address refused for good", got, got.Temporary)
	}
}

func TestFetchReturnsThePageWhereTheRedirectsEnd(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new?a=b", http.StatusMovedPermanently)
			return
		}
		if got := r.Header.Get("User-Agent"); got != "tester/1" {
			t.Errorf("User-Agent %q, want tester/1", got)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Set-Cookie", "a=b")
		_, _ = w.Write([]byte("<p>hello"))
	})
	page, err := fetcher(t, Options{UserAgent: "tester/1"}).Fetch(t.Context(), Request{URL: url + "/old"})
	if err != nil {
		t.Fatal(err)
	}
	if page.URL != url+"/new?a=b" || page.Status != 200 || page.ContentType != "text/html; charset=utf-8" || string(page.Body) != "<p>hello" {
		t.Fatalf("page %+v", page)
	}
	if page.Header.Get("ETag") != `"v1"` || page.Header.Get("Set-Cookie") != "" {
		t.Fatalf("header %v, want the ETag alone", page.Header)
	}
	if page.FetchedAt.IsZero() {
		t.Fatal("FetchedAt is not set")
	}
}

func TestFetchRefusesRedirectsThatLeadNowhere(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/loop": "/back", "/back": "/loop",
			"/file":        "file:///etc/passwd",
			"/credentials": "http://ann:s3cret@example.com/",
		}[r.URL.Path]
		if strings.HasPrefix(r.URL.Path, "/longer") {
			to = r.URL.Path + "r"
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	f := fetcher(t, Options{})
	for path, words := range map[string]string{
		"/loop":        "redirect refused: redirect loop back to " + url + "/loop",
		"/longer":      "redirect refused: more than 5 redirects, the last to " + url + "/longerrrrrrr",
		"/file":        `redirect refused: URL file:///etc/passwd has the scheme "file": use http or https`,
		"/credentials": "redirect refused: URL http://example.com/ carries a user name or password: remove it",
	} {
		wantFailure(t, failure(t, f, url+path), false, words)
	}
}

func TestFetchFollowsAsManyRedirectsAsAllowed(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/12345" {
			http.Redirect(w, r, "/12345"[:len(r.URL.Path)+1], http.StatusFound)
		}
	})
	if _, err := fetcher(t, Options{}).Fetch(t.Context(), Request{URL: url + "/"}); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, failure(t, fetcher(t, Options{MaxRedirects: 4}), url+"/"), false, "redirect refused: more than 4 redirects, the last to "+url+"/12345")
}

func TestFetchIgnoresProxiesOfTheEnvironment(t *testing.T) {
	if newTransport(false).Proxy != nil {
		t.Fatal("a proxy would be dialled instead of the guarded address")
	}
}

func TestFetchEndsWithItsContextAndNamesTheCause(t *testing.T) {
	arrived := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	cause := errors.New("soft limit")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-arrived; cancel(cause) }()
	_, err := fetcher(t, Options{}).Fetch(ctx, Request{URL: url})
	var failed *Error
	if !errors.Is(err, cause) || !errors.As(err, &failed) || !failed.Temporary {
		t.Fatalf("error %v, want a temporary one caused by %v", err, cause)
	}
}

func TestErrorsHideTheQuery(t *testing.T) {
	url := serve(t, http.NotFound)
	failed := failure(t, fetcher(t, Options{}), url+"/feed?token=s3cret")
	if want := "fetch " + url + "/feed?…: the server answered 404 Not Found"; failed.Error() != want {
		t.Fatalf("error %q, want %q", failed, want)
	}
}

func TestConnectionsOfManyHostsAreUsedAgain(t *testing.T) {
	const hosts = 200
	var opened atomic.Int32
	var urls []string
	for range hosts {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "words") }))
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		s.Start()
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	f := fetcher(t, Options{})
	for range 3 {
		for _, url := range urls {
			if _, err := f.Fetch(t.Context(), Request{URL: url}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := opened.Load(); n != hosts {
		t.Errorf("%d connections to %d hosts for three pages of each", n, hosts)
	}
}
