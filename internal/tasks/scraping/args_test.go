package scraping

import (
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
		{KindPage, `{}`, `field "url": URL is empty`},
		{KindPage, `{"url":"example.com"}`, "use http or https"},
		{KindPage, `{"url":"https://ann:secret@example.com/"}`, "carries a user name or password"},
		{KindPage, `{"url":"https://example.com/","limit":3}`, `unknown field "limit"`},
		{KindPage, `{"url":"https://example.com/","source":"` + strings.Repeat("x", MaxSource+1) + `"}`, `field "source" has 201 bytes`},
		{KindFeed, `{"url":"file:///etc/passwd"}`, "use http or https"},
		{KindFeed, `{"url":"https://example.com/","limit":-1}`, `field "limit" is -1`},
		{KindFeed, `{"url":"https://example.com/","limit":501}`, "use 1 to 500"},
	} {
		_, err := catalog.Check(c.kind, []byte(c.payload))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %.80s: error %v, want %q", c.kind, c.payload, err, c.want)
		}
	}
}
