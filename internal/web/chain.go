package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Hop is one request of a fetch.
type Hop struct {
	URL    string
	Status int // of the answer
}

// stoppedError is that of whoever was asked before a request, or what to fetch next.
type stoppedError struct{ error }

// chain is one fetch: a request, and those that follow from its answer. Its cookies end with it, so
// that no site knows one fetch by another.
type chain struct {
	fetcher *Fetcher
	request Request
	client  *http.Client
	hops    []Hop
	spared  int             // hops that count against no limit: of what failed, and was replaced
	seen    map[string]bool // URLs, each with the cookies that it was asked with
}

func newChain(f *Fetcher, r Request) *chain {
	jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // the error is always nil
	return &chain{
		fetcher: f, request: r, seen: make(map[string]bool),
		client: &http.Client{
			Transport: f.transport, Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// follow asks for u, and for what the answers lead to.
func (c *chain) follow(ctx context.Context, u *url.URL) (*Page, error) {
	for {
		page, next, err := c.step(ctx, u)
		if err != nil {
			next, err = c.instead(u, err)
		}
		if err != nil || next == nil {
			return page, err
		}
		u = next
	}
}

// step asks for u. It returns a page, or the URL to ask next.
func (c *chain) step(ctx context.Context, u *url.URL) (*Page, *url.URL, error) {
	if c.request.Before != nil {
		if err := c.request.Before(ctx, u); err != nil {
			return nil, nil, &stoppedError{err}
		}
	}
	c.seen[c.visit(u)] = true
	page, next, err := c.ask(ctx, u)
	if err != nil || next == nil {
		return page, nil, err
	}
	return nil, next, c.check(next)
}

// instead returns the URL to ask in the place of u, which failed, and the failure if there is none.
func (c *chain) instead(u *url.URL, failure error) (*url.URL, error) {
	if c.request.Instead == nil {
		return nil, failure
	}
	said := error(explain(u, failure))
	var stopped *stoppedError
	if errors.As(failure, &stopped) {
		said = stopped.error
	}
	c.spared = len(c.hops)
	for {
		raw := c.request.Instead(said)
		if raw == "" {
			return nil, failure
		}
		if next, err := ParseURL(raw); err == nil && c.check(next) == nil {
			return next, nil
		}
	}
}

// visit names a request. A site that sets a cookie may lead back to where it was asked.
func (c *chain) visit(u *url.URL) string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	return fmt.Sprint(bare.String(), c.client.Jar.Cookies(u))
}

// check refuses a next URL that would not do as a first one, that leads in circles, or that is one
// too many.
func (c *chain) check(next *url.URL) error {
	switch err := checkURL(next); {
	case err != nil:
		return fmt.Errorf("%w: %w", errRedirect, err)
	case len(next.String()) > MaxURL:
		return fmt.Errorf("%w: to a URL of more than %d bytes", errRedirect, MaxURL)
	case c.seen[c.visit(next)]:
		return fmt.Errorf("%w: redirect loop back to %s", errRedirect, display(next))
	case len(c.hops)-c.spared > c.fetcher.options.MaxRedirects:
		return fmt.Errorf("%w: more than %d redirects, the last to %s", errRedirect, c.fetcher.options.MaxRedirects, display(next))
	}
	return nil
}

// ask makes one request. It returns a page, or the URL to ask next.
func (c *chain) ask(ctx context.Context, u *url.URL) (page *Page, next *url.URL, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("User-Agent", c.fetcher.options.UserAgent)
	request.Header.Set("Accept", "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, application/feed+json, */*;q=0.5")
	request.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	asked := c.request.Known.ask(request)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	page, next, err = c.read(u, response, asked)
	return page, next, errors.Join(err, response.Body.Close())
}

// read reads an answer. What a server says besides a page is unread: closing drops the connection.
func (c *chain) read(u *url.URL, response *http.Response, asked bool) (*Page, *url.URL, error) {
	now := time.Now()
	c.hops = append(c.hops, Hop{u.String(), response.StatusCode})
	switch status := response.StatusCode; {
	case isRedirect(status) && response.Header.Get("Location") != "":
		next, err := u.Parse(response.Header.Get("Location"))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: the server names no valid URL", errRedirect)
		}
		return nil, next, nil
	case status == http.StatusNotModified && asked:
		page := c.page(u, response, now)
		page.NotModified, page.Validators = true, c.request.Known.renewed(page.Validators)
		return page, nil, nil
	case status < 200 || status > 299:
		failed := statusError(response, now)
		if len(c.hops) > 1 {
			failed.Err = fmt.Errorf("%w for %s", failed.Err, display(u))
		}
		return nil, nil, failed
	}
	body, err := c.fetcher.read(response, c.request.Most)
	if err != nil {
		return nil, nil, err
	}
	page := c.page(u, response, now)
	page.Body = body
	next, err := c.beyond(u, page, response.Header.Get("Refresh"))
	return page, next, err
}

// beyond returns the URL of the page that one stands for, nil if it stands for itself.
func (c *chain) beyond(u *url.URL, page *Page, refresh string) (*url.URL, error) {
	if next := refreshed(u, page, refresh); next != nil && !c.seen[c.visit(next)] {
		return next, nil // a page that only reloads itself is a page
	}
	if c.request.Next == nil {
		return nil, nil
	}
	raw, err := c.request.Next(page)
	if err != nil {
		return nil, &stoppedError{err}
	}
	if raw == "" {
		return nil, nil
	}
	next, err := ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRedirect, err)
	}
	return next, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
