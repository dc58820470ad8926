package scraping

import (
	"fmt"
	"strings"
	"testing"

	"switchyard/internal/tasks"
)

func TestAProducerChecksPayloadsWithoutHandlers(t *testing.T) {
	catalog, err := tasks.NewCatalog(0, Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kind, payload, want string }{
		{KindPage, `{"url":"https://example.com/a","source":"news"}`, ""},
		{KindFeed, `{"url":"https://example.com/feed","limit":10}`, ""},
		{KindFeed, `{"url":"https://example.com/feed"}`, ""},
		{KindPage, `{}`, `scrape_page: field "url": URL is empty: give one such as https://example.com/news`},
		{KindPage, `{"url":"example.com"}`, `scrape_page: field "url": URL example.com has the scheme "": use http or https`},
		{KindPage, `{"url":"https://ann:secret@example.com/"}`, `scrape_page: field "url": URL https://example.com/ carries a user name or password: remove it`},
		{KindPage, `{"url":"https://example.com/","limit":3}`, `scrape_page: unknown field "limit": remove it or check its spelling`},
		{KindPage, `{"url":"https://example.com/","source":"` + strings.Repeat("x", MaxSource+1) + `"}`, `scrape_page: field "source" has 201 bytes: at most 200 are allowed`},
		{KindFeed, `{"url":"file:///etc/passwd"}`, `scrape_feed: field "url": URL file:///etc/passwd has the scheme "file": use http or https`},
		{KindFeed, `{"url":"https://example.com/","limit":-1}`, `scrape_feed: field "limit" is -1: use 1 to 500, or leave it out for 50`},
		{KindFeed, `{"url":"https://example.com/","limit":501}`, `scrape_feed: field "limit" is 501: use 1 to 500, or leave it out for 50`},
	} {
		_, err := catalog.Check(c.kind, []byte(c.payload))
		if c.want == "" && err != nil || c.want != "" && (fmt.Sprint(err) != c.want) {
			t.Errorf("%s %.80s: error %v, want %q", c.kind, c.payload, err, c.want)
		}
	}
}
