package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Poster posts to addresses that nobody vouches for, within the bounds of a [Fetcher]. It follows no
// redirect: what it posts is for whoever was named. It is safe for concurrent use.
type Poster struct {
	client  *http.Client
	options Options
}

// NewPoster returns a poster; close it when done. Options of redirects and bodies mean nothing to it.
func NewPoster(options Options) *Poster {
	options = options.withDefaults()
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Poster{options: options, client: &http.Client{Transport: newTransport(options.AllowPrivate), CheckRedirect: refuse}}
}

// Close closes idle connections. Posts still under way are not touched.
func (p *Poster) Close() { p.client.CloseIdleConnections() }

// Post posts a body with a header, which becomes the poster's. Any answer but one with a status of
// 2xx is an [*Error]; what an answer says besides is not read.
func (p *Poster) Post(ctx context.Context, rawURL string, header http.Header, body []byte) error {
	u, err := ParseURL(rawURL)
	if err != nil {
		return &Error{Err: err, posting: true}
	}
	if err := p.post(ctx, u, header, body); err != nil {
		failed := explain(u, err)
		failed.posting = true
		return failed
	}
	return nil
}

func (p *Poster) post(ctx context.Context, u *url.URL, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.options.Timeout,
		fmt.Errorf("%w after %s: the server is too slow", errTimeout, p.options.Timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	request.Header.Set("User-Agent", p.options.UserAgent)
	response, err := p.client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(err, context.DeadlineExceeded) && cause != nil {
			err = cause
		}
		return err
	}
	_ = response.Body.Close() // unread: that drops the connection
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return statusError(response, time.Now())
	}
	return nil
}
