package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
)

// MaxRetryAfter bounds how long a server may ask us to stay away.
const MaxRetryAfter = 24 * time.Hour

var (
	errTimeout  = errors.New("no complete answer")
	errRedirect = errors.New("redirect refused")

	// ErrPrivate says that a name or an address leads into a network that is not public.
	ErrPrivate = errors.New("private address refused")
)

// Error says why a page was not fetched.
type Error struct {
	URL       string // as logs may show it; empty if it could not be read
	Status    int    // the HTTP status, 0 without an answer
	Temporary bool   // whether the same fetch may succeed later
	// RetryAfter is how long the server asks to be left alone, at most
	// [MaxRetryAfter]. 0 if it does not say.
	RetryAfter time.Duration
	Err        error

	posting bool
}

// Error implements error.
func (e *Error) Error() string {
	does := "fetch"
	if e.posting {
		does = "post to"
	}
	if e.URL == "" {
		return fmt.Sprintf("%s: %v", does, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", does, e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Gone reports whether the server says that there is no such page, or no longer.
func (e *Error) Gone() bool { return e.Status == http.StatusNotFound || e.Status == http.StatusGone }

// Refused reports whether the server has answered, and where its answer leads or what it holds is not
// taken.
func (e *Error) Refused() bool { return errors.Is(e.Err, errRedirect) || errors.Is(e.Err, errContent) }

// statusError is the error of an answer that is no page.
func statusError(resp *http.Response, now time.Time) *Error {
	e := &Error{
		Status: resp.StatusCode,
		Err:    fmt.Errorf("the server answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)),
	}
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests,
		resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusTooEarly:
		e.Temporary = true
		e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	}
	return e
}

// retryAfter reads a Retry-After header, seconds or a date (RFC 9110, section 10.2.3).
// It is 0 for anything else and for the past.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), MaxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), MaxRetryAfter)
	}
	return 0
}

// explain makes an [*Error] of whatever ended the fetch of u.
func explain(u *url.URL, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		known.URL = display(u)
		return known
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // the outer error repeats the URL with its query
	}
	if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
		err = fmt.Errorf("%w: %w", ErrPrivate, err)
	}
	return &Error{URL: display(u), Temporary: temporary(err), Err: err}
}

// temporary reports whether err may pass by itself. What is not known for sure to last
// may: retries are bounded elsewhere.
func temporary(err error) bool {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork),
		errors.Is(err, errRedirect), errors.Is(err, errContent), errors.As(err, &certificate):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return true
}
