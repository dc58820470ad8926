package web

import (
	"net/http"
	"net/url"
	"time"
)

// Page is what a server answered.
type Page struct {
	URL         string // where the redirects ended
	Status      int    // 200 to 299, or 304
	ContentType string // as sent, possibly empty
	Body        []byte // decompressed, not yet UTF-8
	// Header holds Content-Language, ETag and Last-Modified if they were sent.
	Header    http.Header
	FetchedAt time.Time
	// NotModified says that the page is what was known of it, and was not sent again.
	NotModified bool
	// Validators are what to ask with next time. They are empty if the server gives none.
	Validators Validators
	// Fresh is for how long the server says that nothing changes, at most [MaxFresh]; 0 if it does
	// not say.
	Fresh time.Duration
	// Hops are all requests that led to the page, the last of which brought it.
	Hops []Hop
	// Moved is the URL that stands for the one asked for from now on, as the server says with permanent
	// redirects; "" if it says no such thing.
	Moved string
}

var keptHeaders = []string{"Content-Language", "Etag", "Last-Modified"}

// page returns what an answer says of a page, without its body.
func (c *chain) page(u *url.URL, response *http.Response, now time.Time) *Page {
	kept := make(http.Header)
	for _, name := range keptHeaders {
		if values := response.Header.Values(name); len(values) > 0 {
			kept[name] = values
		}
	}
	return &Page{
		URL: u.String(), Status: response.StatusCode, ContentType: response.Header.Get("Content-Type"),
		Header: kept, FetchedAt: now, Hops: c.hops, Moved: moved(c.hops),
		Validators: validatorsOf(u, response.Header), Fresh: fresh(response.Header, now),
	}
}

// moved returns where the permanent redirects at the beginning of a chain lead.
func moved(hops []Hop) string {
	n := 0
	for n < len(hops)-1 && (hops[n].Status == http.StatusMovedPermanently || hops[n].Status == http.StatusPermanentRedirect) {
		n++
	}
	if n == 0 {
		return ""
	}
	return hops[n].URL
}
