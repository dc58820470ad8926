package scraping

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
	"switchyard/test/redistest"
)

func TestAPageBecomesADocument(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/short", http.RedirectHandler("/long?utm_source=s", http.StatusFound))
	mux.Handle("/long", site{"/long?utm_source=s": {htmlType, `<html lang=en><title>Title</title><link rel=canonical href="/page#top"><p>Some words.`}})
	base := serve(t, mux)
	shelf := &shelf{}
	h := handlers(t, &tray{}, shelf)
	result, err := perform(t, h, PageArgs{URL: base + "/short", Source: "news"})
	if err != nil {
		t.Fatal(err)
	}
	id := documents.ID(base + "/page")
	if want := (PageResult{Document: id, URL: base + "/page", Title: "Title", Language: "en", Source: "news", State: documents.Stored, Page: pages.Seen}); result != want {
		t.Fatalf("result %+v, want %+v", result, want)
	}
	if d := shelf.documents[0]; d.URL != base+"/page" || d.Text != "Some words." || d.Source != "news" {
		t.Fatalf("document %+v", d)
	}
	for _, path := range []string{"/short", "/long", "/page"} {
		if known, err := h.Pages.Get(t.Context(), base+path); err != nil || known.State != pages.Seen || known.Document != id {
			t.Errorf("%s led to the document and is %+v, %v", path, known, err)
		}
	}
}

func TestASourceWithoutANameIsItsHost(t *testing.T) {
	base := serve(t, site{"/": {htmlType, "<p>Some words."}})
	shelf := &shelf{}
	if _, err := perform(t, handlers(t, &tray{}, shelf), PageArgs{URL: base}); err != nil {
		t.Fatal(err)
	}
	if got := shelf.documents[0].Source; "http://"+got != base {
		t.Fatalf("source %q, want the host of %s", got, base)
	}
}

func TestFailuresSayWhatBecomesOfTheTask(t *testing.T) {
	var bomb bytes.Buffer
	z, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	_, _ = z.Write(make([]byte, 17<<20))
	_ = z.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/pages/", site{"/pages/empty": {htmlType, ""}, "/pages/pdf": {"application/pdf", "%PDF-"}})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	base := serve(t, mux)
	for path, c := range map[string]struct {
		permanent bool
		delay     time.Duration
		words     string
	}{
		"/bomb":        {true, 0, "fetch http://site/bomb: body refused: larger than the limit of 16777216 bytes decompressed"},
		"/loop":        {true, 0, "fetch http://site/loop: redirect refused: redirect loop back to http://site/loop"},
		"/pages/empty": {true, 0, "extract http://site/pages/empty: the page is empty"},
		"/pages/pdf":   {true, 0, `extract http://site/pages/pdf: content type "application/pdf" is not a page: only HTML and plain text can be read`},
		"/pages/none":  {true, 0, "fetch http://site/pages/none: the server answered 404 Not Found"},
		"/broken":      {false, 0, "fetch http://site/broken: the server answered 502 Bad Gateway"},
		"/busy":        {false, 90 * time.Second, "fetch http://site/busy: the server answered 429 Too Many Requests"},
	} {
		shelf := &shelf{}
		_, err := perform(t, handlers(t, &tray{}, shelf), PageArgs{URL: base + path})
		if err == nil || tasks.IsPermanent(err) != c.permanent || strings.ReplaceAll(fmt.Sprint(err), base, "http://site") != c.words {
			t.Errorf("%s: error %v, want permanent %v and %q", path, err, c.permanent, c.words)
			continue
		}
		if delay, _ := tasks.RetryDelay(err); delay != c.delay {
			t.Errorf("%s: retried after %s, want %s", path, delay, c.delay)
		}
		if len(shelf.documents) > 0 {
			t.Errorf("%s: stored %+v", path, shelf.documents)
		}
	}
}

func TestPrivateAddressesArePermanent(t *testing.T) {
	f := web.NewFetcher(web.Options{})
	defer f.Close()
	h := handlers(t, &tray{}, &shelf{})
	h.Fetcher = hasty{f}
	_, err := perform(t, h, PageArgs{URL: "http://127.0.0.1:9/"})
	if !tasks.IsPermanent(err) || fmt.Sprint(err) != "fetch http://127.0.0.1:9/: private address refused: dial tcp 127.0.0.1:9: prohibited IP address: 127.0.0.1 is not a permitted destination (denied by: 127.0.0.0/8)" {
		t.Fatalf("error %v", err)
	}
}

// TestASourceIsScrapedOnceAndNoticedWhenItChanges plays feed, pages and store together.
func TestASourceIsScrapedOnceAndNoticedWhenItChanges(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		pages := site{
			"/feed": {rssType, rss("/a", "/b")},
			"/a":    {htmlType, "<title>A</title><p>First words."},
			"/b":    {htmlType, "<title>B</title><p>Other words."},
		}
		base := serve(t, pages)
		store := documents.New(client, "switchyard:", 0, time.Now)
		queue := &tray{}
		h := handlersOn(t, client, queue, store, time.Now)

		mustScrapeFeed(t, h, FeedArgs{URL: base + "/feed"})
		for _, args := range queue.args {
			if _, err := perform(t, h, args); err != nil {
				t.Fatal(err)
			}
		}
		clear(queue.ids) // the tasks are done and past their retention
		if result := mustScrapeFeed(t, h, FeedArgs{URL: base + "/feed"}); result.Known != 2 {
			t.Fatalf("result %+v, want both pages known", result)
		}

		var states []documents.State
		for _, words := range []string{"First  words.", "Changed words."} {
			pages["/a"] = answer{htmlType, "<title>A</title><p>" + words}
			result, err := perform(t, h, PageArgs{URL: base + "/a"})
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, result.(PageResult).State)
		}
		if !slices.Equal(states, []documents.State{documents.Unchanged, documents.Changed}) {
			t.Fatalf("states %v", states)
		}
	})
}

func TestAStoreThatFailsIsTriedAgain(t *testing.T) {
	base := serve(t, site{"/": {htmlType, "<p>Some words."}})
	client := redistest.Client(t, redistest.Mini(t).Addr())
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	store := documents.New(client, "switchyard:", 0, time.Now)
	_, err := perform(t, handlersOn(t, redistest.Client(t, redistest.Mini(t).Addr()), &tray{}, store, time.Now), PageArgs{URL: base})
	if !errors.Is(err, redis.ErrClosed) || tasks.IsPermanent(err) {
		t.Fatalf("error %v, want a plain one", err)
	}
}
