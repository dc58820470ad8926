package api

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"switchyard/internal/pages"
	"switchyard/internal/sources"
)

func TestASourceTellsWhatItBroughtAndWhatIsInTrouble(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("GET", "/v1/sources", ""), "items=[]")
		d.want(http.StatusNotFound, d.do("GET", "/v1/sources/paper", ""), "type=/problems/not-found")
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/source:paper",
			`{"spec":"@every 1h","kind":"scrape_sitemap","payload":{"url":"https://example.org/","source":"paper"}}`))
		at := time.Now().UTC().Truncate(time.Second)
		s := d.system.Sources
		if err := s.Visited(d.Context(), "paper", sources.Visit{At: at, URL: "https://example.org/", Moved: "https://example.com/", Found: 3, New: 2}); err != nil {
			d.Fatal(err)
		}
		if err := s.Visited(d.Context(), "paper", sources.Visit{At: at, URL: "https://example.org/", Error: "the server is away"}); err != nil {
			d.Fatal(err)
		}
		page := pages.Page{URL: "https://example.org/a", Source: "paper"}
		page.Fail(pages.Missing, "404 Not Found", 0, at)
		if err := d.system.Pages.Put(d.Context(), page); err != nil {
			d.Fatal(err)
		}
		if err := s.Note(d.Context(), "paper", page); err != nil {
			d.Fatal(err)
		}
		listed := d.do("GET", "/v1/sources", "")
		for listed.field("items") == "[]" && listed.field("next") != "" {
			listed = d.do("GET", "/v1/sources?cursor="+url.QueryEscape(listed.field("next")), "")
		}
		d.want(http.StatusOK, listed, "items.0.name=paper", "items.0.kind=scrape_sitemap", "items.0.failures=1")
		d.want(http.StatusOK, d.do("GET", "/v1/sources/paper", ""), "url=https://example.org/", "last.error=the server is away",
			"last_good.moved=https://example.com/", "last_good.new=2", "in_trouble.0.url=https://example.org/a", "in_trouble.0.state=failed",
			"in_trouble.0.error=404 Not Found", "in_trouble.0.next="+at.Add(time.Hour).Format(time.RFC3339))
	})
}
