package scraping

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
	"switchyard/test/redistest"
)

// worst is a server that behaves like the web at its worst.
func worst(w http.ResponseWriter, r *http.Request) {
	const page = "<title>A</title><p>Some words."
	html := func() { w.Header().Set("Content-Type", htmlType) }
	raw := func(answer string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = fmt.Fprint(conn, answer)
		_ = conn.Close()
	}
	switch r.URL.Path {
	case "/good", "/also-good":
		html()
		_, _ = fmt.Fprint(w, page)
	case "/hangs":
		<-r.Context().Done()
	case "/drips":
		html()
		for r.Context().Err() == nil {
			_, _ = fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	case "/endless":
		html()
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, strings.Repeat("words ", 10_000)); err != nil {
				return
			}
		}
	case "/circle":
		http.Redirect(w, r, "/circle?", http.StatusFound)
	case "/far":
		http.Redirect(w, r, "/far?"+r.URL.RawQuery+"x", http.StatusFound)
	case "/nowhere":
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	case "/short":
		raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n" + page)
	case "/broken-gzip":
		html()
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = fmt.Fprint(w, "\x1f\x8b\x08\x00 no more of it")
	case "/headers":
		raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n" + page)
	case "/resets":
		raw("")
	case "/nonsense":
		raw("\x00\x01\x02\r\n\r\n")
	case "/binary":
		html()
		_, _ = w.Write(make([]byte, 10_000))
	case "/video":
		w.Header().Set("Content-Type", "video/mp4")
		_, _ = fmt.Fprint(w, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00")
	case "/teapot":
		w.WriteHeader(http.StatusTeapot)
	default:
		http.NotFound(w, r)
	}
}

func TestTheWebAtItsWorstLeavesEveryPageInAStateWithAReason(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		server := httptest.NewServer(http.HandlerFunc(worst))
		t.Cleanup(server.Close)
		within := func(timeout time.Duration) Handlers {
			f := web.NewFetcher(web.Options{AllowPrivate: true, Timeout: timeout})
			t.Cleanup(f.Close)
			h := handlersOn(t, client, &tray{}, documents.New(client, "p:", 0, time.Now), time.Now)
			h.Fetcher = hasty{f}
			return h
		}
		// Whoever is too slow is so for both. The others may take their time on a slow machine.
		hurried, patient := within(time.Second), within(30*time.Second)
		want := map[string]string{
			"/good": "", "/also-good": "",
			"/hangs": "too slow", "/drips": "too slow", "/endless": "larger than the limit", "/circle": "redirect", "/far": "more than 5 redirects",
			"/nowhere": `scheme "file"`, "/short": "EOF", "/broken-gzip": "gzip", "/headers": "header", "/resets": "EOF",
			"/nonsense": "malformed", "/binary": "text", "/video": "video/mp4", "/teapot": "418", "/missing": "404",
		}
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for path, reason := range want {
			all.Go(func() {
				h := patient
				if reason == "too slow" {
					h = hurried
				}
				_, err := h.scrapePage(ctx, &tasks.Task{ID: path, Kind: KindPage}, PageArgs{URL: server.URL + path, Source: "worst"})
				p, known := h.Pages.Get(t.Context(), server.URL+path)
				_, again := tasks.PostponedDelay(err)
				switch {
				case known != nil:
					t.Errorf("%s: %v", path, known)
				case reason == "" && (err != nil || p.State != pages.Seen):
					t.Errorf("%s: %+v, %v, want it to be seen", path, p, err)
				case reason != "" && (!again || p.State != pages.Failed || !strings.Contains(p.Error, reason)):
					t.Errorf("%s: %+v, %v, want it to fail because of %q", path, p, err, reason)
				}
			})
		}
		all.Wait()
		if ctx.Err() != nil {
			t.Error("a page held its task for longer than the fetcher allows")
		}
		report, err := patient.Sources.(*sources.Store).Report(t.Context(), "worst")
		if err != nil || report.Read != 2 || len(report.Troubles) != len(want)-2 {
			t.Errorf("the source %+v, %v", report, err)
		}
	})
}

func TestASourceAtItsWorstIsFailedWithAReason(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(worst))
	defer server.Close()
	f := web.NewFetcher(web.Options{AllowPrivate: true, Timeout: time.Second})
	defer f.Close()
	h := handlers(t, &tray{}, &shelf{})
	h.Fetcher = hasty{f}
	var all sync.WaitGroup
	for _, path := range []string{"/hangs", "/drips", "/endless", "/circle", "/far", "/short", "/broken-gzip", "/headers", "/resets", "/nonsense", "/video"} {
		for _, args := range []tasks.Args{
			FeedArgs{URL: server.URL + path, Source: "feed"}, SitemapArgs{URL: server.URL + path, Source: "map"}, SiteArgs{URL: server.URL + path, Source: "site"},
		} {
			all.Go(func() {
				result, err := perform(t, h, args)
				_, again := tasks.PostponedDelay(err)
				if r, ended := result.(FeedResult); !again && (!ended || r.Error == "") {
					t.Errorf("%s %s: %+v, %v, want an error of the source", args.Kind(), path, result, err)
				}
			})
		}
	}
	all.Wait()
}
