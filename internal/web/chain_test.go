package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func get(t *testing.T, f *Fetcher, r Request) *Page {
	t.Helper()
	page, err := f.Fetch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestAnUnchangedPageIsNotSentAgain(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` || r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if r.URL.Path == "/etag" {
			w.Header().Set("ETag", `"v1"`)
		} else {
			w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 12:05:00 GMT")
		}
		_, _ = w.Write([]byte("words"))
	})
	f := fetcher(t, Options{})
	for _, path := range []string{"/etag", "/date"} {
		first := get(t, f, Request{URL: url + path})
		again := get(t, f, Request{URL: url + path, Known: first.Validators})
		if first.NotModified || string(first.Body) != "words" || !again.NotModified || len(again.Body) > 0 || again.Status != 304 {
			t.Errorf("%s: %+v, then %+v", path, first, again)
		}
		if again.Validators != first.Validators || again.Validators.URL != url+path {
			t.Errorf("%s: validators %+v, then %+v", path, first.Validators, again.Validators)
		}
	}
}

func TestValidatorsAreForTheURLThatGaveThem(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/from":
			if r.Header.Get("If-None-Match") != "" {
				t.Error("another URL was asked with the validators of the page")
			}
			http.Redirect(w, r, "/page", http.StatusFound)
		case r.Header.Get("If-None-Match") == `"v1"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", `"v1"`)
		}
	})
	f := fetcher(t, Options{})
	known := get(t, f, Request{URL: url + "/from"}).Validators
	if again := get(t, f, Request{URL: url + "/from", Known: known}); !again.NotModified || again.URL != url+"/page" {
		t.Errorf("%+v", again)
	}
}

func TestValidatorsThatCannotBeSentAreLeftOut(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", strings.Repeat("x", maxValidator+1))
		w.Header().Set("Last-Modified", "yesterday")
		for _, name := range []string{"If-None-Match", "If-Modified-Since", "Evil"} {
			if r.Header.Get(name) != "" {
				t.Errorf("asked with %s", name)
			}
		}
	})
	f := fetcher(t, Options{})
	if v := get(t, f, Request{URL: url}).Validators; v != (Validators{}) {
		t.Errorf("validators %+v", v)
	}
	get(t, f, Request{URL: url, Known: Validators{URL: url, ETag: "a\r\nEvil: yes", LastModified: strings.Repeat("x", 2000)}})
}

func TestCookiesLastForOneChain(t *testing.T) {
	var cookies []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		if r.Header.Get("Cookie") == "" {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
			http.Redirect(w, r, r.URL.Path, http.StatusFound) // to the same page
		}
	})
	f := fetcher(t, Options{})
	for range 2 {
		if page := get(t, f, Request{URL: url + "/page"}); len(page.Hops) != 2 {
			t.Errorf("hops %+v", page.Hops)
		}
	}
	if want := []string{"", "seen=1", "", "seen=1"}; !slices.Equal(cookies, want) {
		t.Errorf("cookies %q, want %q", cookies, want)
	}
}

func TestAPermanentRedirectIsToldApart(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if to, status := r.URL.Query().Get("to"), 0; to != "" {
			_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
			http.Redirect(w, r, to, status)
		}
	})
	hop := func(status int, to string) string {
		return fmt.Sprintf("/?status=%d&to=%s", status, strings.NewReplacer("&", "%26", "?", "%3f").Replace(to))
	}
	f := fetcher(t, Options{})
	for _, c := range []struct{ from, moved string }{
		{hop(301, "/new"), url + "/new"},
		{hop(308, "/new"), url + "/new"},
		{hop(302, "/new"), ""},
		{hop(307, "/new"), ""},
		{hop(301, "/?status=302%26to=/new"), url + "/?status=302&to=/new"},
		{"/page", ""},
	} {
		if page := get(t, f, Request{URL: url + c.from}); page.Moved != c.moved {
			t.Errorf("%s: moved to %q, want %q; hops %+v", c.from, page.Moved, c.moved, page.Hops)
		}
	}
}

func TestWhoIsAskedBeforeARequestStopsTheFetch(t *testing.T) {
	reached := false
	url1 := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusFound)
			return
		}
		reached = true
	})
	stop := errors.New("not now")
	var asked []string
	_, err := fetcher(t, Options{}).Fetch(t.Context(), Request{URL: url1 + "/from", Before: func(_ context.Context, u *url.URL) error {
		asked = append(asked, u.Path)
		if u.Path == "/to" {
			return stop
		}
		return nil
	}})
	if !errors.Is(err, stop) || err.Error() != "not now" || reached || !slices.Equal(asked, []string{"/from", "/to"}) {
		t.Errorf("error %v, reached %v, asked %v", err, reached, asked)
	}
}

func TestAFurtherPageIsFetchedWithinTheRedirects(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) })
	next := func(page *Page) (string, error) {
		if len(page.Body) < 4 {
			return page.URL + "x", nil
		}
		return "", nil
	}
	f := fetcher(t, Options{MaxRedirects: 3})
	if page := get(t, f, Request{URL: url + "/", Next: next}); string(page.Body) != "/xxx" {
		t.Errorf("page %s", page.Body)
	}
	_, err := f.Fetch(t.Context(), Request{URL: url + "/", Next: func(page *Page) (string, error) { return page.URL + "x", nil }})
	if err == nil || !strings.Contains(err.Error(), "more than 3 redirects") {
		t.Errorf("error %v", err)
	}
}

func TestAPageIsCutOffWhereItIsToBe(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) })
	if page := get(t, fetcher(t, Options{MaxBody: 4000}), Request{URL: url, Most: 100}); len(page.Body) != 100 {
		t.Errorf("%d bytes", len(page.Body))
	}
}
