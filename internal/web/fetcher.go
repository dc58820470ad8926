// Package web fetches pages from servers nobody vouches for.
//
// A [Fetcher] speaks http and https only, refuses private addresses after DNS and
// after each redirect, and bounds everything a server can send: time, redirects, and
// bytes before and after decompression. What went wrong is an [Error], which says
// whether another try can help.
package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Options bound what a fetcher does. Zero values mean the defaults.
type Options struct {
	UserAgent    string        // "Switchyard/1.0 (background worker)"
	Timeout      time.Duration // of one fetch, from DNS to the last byte, redirects included; 30 s
	MaxRedirects int           // 5
	MaxBody      int64         // bytes as sent, compressed or not; 8 MiB
	MaxDecoded   int64         // bytes after decompression; 16 MiB
	// AllowPrivate lets requests go to loopback, private and other special addresses.
	// With it, whoever may name a URL can reach the services of this network.
	AllowPrivate bool
}

func (o Options) withDefaults() Options {
	o.UserAgent = cmp.Or(o.UserAgent, "Switchyard/1.0 (background worker)")
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxRedirects = cmp.Or(o.MaxRedirects, 5)
	o.MaxBody = cmp.Or(o.MaxBody, 8<<20)
	o.MaxDecoded = cmp.Or(o.MaxDecoded, 16<<20)
	return o
}

// Page is what a server answered.
type Page struct {
	URL         string // where the redirects ended
	Status      int    // 200 to 299
	ContentType string // as sent, possibly empty
	Body        []byte // decompressed, not yet UTF-8
	// Header holds Content-Language, ETag and Last-Modified if they were sent.
	Header    http.Header
	FetchedAt time.Time
}

var keptHeaders = []string{"Content-Language", "Etag", "Last-Modified"}

// Fetcher fetches pages. It is safe for concurrent use and shares connections between
// fetches.
type Fetcher struct {
	client  *http.Client
	options Options
}

// NewFetcher returns a fetcher; close it when done.
func NewFetcher(options Options) *Fetcher {
	options = options.withDefaults()
	return &Fetcher{
		options: options,
		client: &http.Client{
			Transport:     newTransport(options.AllowPrivate),
			CheckRedirect: checkRedirect(options.MaxRedirects),
		},
	}
}

// Close closes idle connections. Fetches still under way are not touched.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Fetch gets the page at rawURL. Any answer but a complete one with a status of 2xx is
// an [*Error].
func (f *Fetcher) Fetch(ctx context.Context, rawURL string) (*Page, error) {
	u, err := ParseURL(rawURL)
	if err != nil {
		return nil, &Error{Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.options.Timeout,
		fmt.Errorf("%w after %s: the server is too slow", errTimeout, f.options.Timeout))
	defer cancel()
	page, err := f.get(ctx, u.String())
	if err != nil {
		return nil, explain(u, err)
	}
	return page, nil
}

func (f *Fetcher) get(ctx context.Context, url string) (*Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", f.options.UserAgent)
	req.Header.Set("Accept", "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, application/feed+json, */*;q=0.5")
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// What the server says besides is unread: closing drops the connection.
		return nil, errors.Join(statusError(resp, now), resp.Body.Close())
	}
	body, err := readBody(resp, f.options.MaxBody, f.options.MaxDecoded)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	kept := make(http.Header)
	for _, name := range keptHeaders {
		if values := resp.Header.Values(name); len(values) > 0 {
			kept[name] = values
		}
	}
	return &Page{
		URL:         resp.Request.URL.String(),
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		Body:        body,
		Header:      kept,
		FetchedAt:   now,
	}, nil
}
