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
	"net/url"
	"time"
)

// Options bound what a fetcher does. Zero values mean the defaults.
type Options struct {
	UserAgent    string        // "Switchyard/1.0 (background worker)"
	Timeout      time.Duration // of one fetch, from DNS to the last byte, redirects included; 30 s
	MaxRedirects int           // 5, those that pages ask for with meta refresh included
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

// Request is what is asked of a [Fetcher].
type Request struct {
	URL string
	// Known is what an earlier fetch brought. If it still holds, the page is not sent again.
	Known Validators
	// Before is called before each request of the chain, the first one included; nil: nothing is. Its
	// error ends the fetch, and is returned as it is.
	Before func(ctx context.Context, u *url.URL) error
	// Next names a further page to fetch in the place of the one that was got, such as the feed that
	// it announces, "" if that is the one. It is asked within the limit of redirects; nil: never. Its
	// error ends the fetch, and is returned as it is.
	Next func(*Page) (string, error)
	// Instead names a page to fetch in the place of one that failed with this error, "" if the fetch ends
	// with it. It is asked again for a URL that cannot be fetched, and in the end has to return "". What
	// failed does not count against the limit of redirects; nil: every failure ends the fetch.
	Instead func(error) string
	// Most cuts off what is read of the page, in bytes after decompression; 0: what is longer than
	// the options allow is refused.
	Most int64
}

// Fetcher fetches pages. It is safe for concurrent use and shares connections between
// fetches.
type Fetcher struct {
	transport *http.Transport
	options   Options
}

// NewFetcher returns a fetcher; close it when done.
func NewFetcher(options Options) *Fetcher {
	options = options.withDefaults()
	return &Fetcher{options: options, transport: newTransport(options.AllowPrivate)}
}

// Close closes idle connections. Fetches still under way are not touched.
func (f *Fetcher) Close() { f.transport.CloseIdleConnections() }

// Fetch gets a page. Any answer but a complete one with a status of 2xx, or that nothing has
// changed, is an [*Error].
func (f *Fetcher) Fetch(ctx context.Context, r Request) (*Page, error) {
	u, err := ParseURL(r.URL)
	if err != nil {
		return nil, &Error{Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.options.Timeout,
		fmt.Errorf("%w after %s: the server is too slow", errTimeout, f.options.Timeout))
	defer cancel()
	page, err := newChain(f, r).follow(ctx, u)
	var stopped *stoppedError
	switch {
	case errors.As(err, &stopped):
		return nil, stopped.error
	case err != nil:
		return nil, explain(u, err)
	}
	return page, nil
}
