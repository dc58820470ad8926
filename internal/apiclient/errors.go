package apiclient

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"switchyard/internal/api"
)

// AnswerError is an answer that is no success: a problem that the API tells of, or something that
// is not from the API at all, such as the page of a proxy.
type AnswerError struct {
	// Status is the HTTP status.
	Status int
	// Problem is what the API says. It is nil if the answer is not from the API.
	Problem *api.Problem
	// RetryAfter is how long the API asks to wait. 0: it does not say.
	RetryAfter time.Duration

	said string
}

// Error implements error. The text is fit for a terminal.
func (e *AnswerError) Error() string { return e.said }

// Temporary reports whether the same request may be answered otherwise later.
func (e *AnswerError) Temporary() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return e.is("key-in-progress")
}

// is reports whether the API has told of a problem of that kind, such as id-taken.
func (e *AnswerError) is(kind string) bool {
	return e.Problem != nil && e.Problem.Type == "/problems/"+kind
}

// UnreachableError says that there was no answer.
type UnreachableError struct {
	said  string
	cause error
	final bool // the next try would fail as this one
}

// Error implements error.
func (e *UnreachableError) Error() string { return e.said }

// Unwrap returns what has failed.
func (e *UnreachableError) Unwrap() error { return e.cause }

// Temporary reports whether another try may succeed later.
func (e *UnreachableError) Temporary() bool { return !e.final }

// unreachable says why there is no answer. Whoever has stopped the request is told just that.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the address and the method
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	e := &UnreachableError{cause: err}
	switch {
	case errors.As(err, &untrusted):
		e.said, e.final = fmt.Sprintf("%s is not trusted: %v: name the file of the certificate authority in SSL_CERT_FILE, or mend the address", c.base, untrusted.Err), true
	case errors.As(err, new(tls.RecordHeaderError)) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e.said, e.final = c.base+" does not speak TLS: use http, if it is on this machine, or the port where it does", true
	case errors.As(err, &unknown) && unknown.IsNotFound:
		e.said, e.final = fmt.Sprintf("there is no host %.100q: mend the address", unknown.Name), true
	case ctx.Err() != nil:
		e.said = fmt.Sprintf("%s has not answered in time: see whether the monitor runs there, and try again", c.base)
	default:
		e.said = printable(fmt.Sprintf("%s does not answer: %v: see whether the monitor runs there, and try again", c.base, err))
	}
	return e
}

// refusal returns what an answer says that is no success.
func (c *Client) refusal(a answer) error {
	e := &AnswerError{Status: a.status, RetryAfter: retryAfter(a.header)}
	var p api.Problem
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if kind == "application/problem+json" && json.Unmarshal(a.body, &p) == nil && strings.HasPrefix(p.Type, "/problems/") {
		e.Problem, e.said = &p, c.inWords(&p, a.header)
		return e
	}
	switch {
	case a.status < http.StatusBadRequest:
		e.said = fmt.Sprintf("%s sends requests on to %.200q: give the address that answers", c.base, printable(a.header.Get("Location")))
	case e.Temporary():
		e.said = fmt.Sprintf("%s answers %s, which is not from the HTTP API: something before it cannot reach it: try again later", c.base, http.StatusText(a.status))
	default:
		e.said = fmt.Sprintf("%s answers %d and no problem of the HTTP API: see whether that is the address of the monitor", c.base, a.status)
	}
	return e
}

// inWords returns a problem for people: what is wrong, with each place that the text does not name.
func (c *Client) inWords(p *api.Problem, h http.Header) string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, f := range p.Errors {
		place := f.Pointer + f.Parameter
		named := strings.Contains(text, place[strings.LastIndexByte(place, '/')+1:])
		said := fmt.Sprintf("%s%s: %s", place, valueOf(f), f.Detail)
		switch {
		case named && strings.Contains(text, f.Detail):
		case text == f.Detail:
			text = said
		default:
			text += "\n" + said
		}
	}
	switch p.Status {
	case http.StatusUnauthorized:
		text = strings.TrimSuffix(text, ": send Authorization: Bearer with a token, or sign in as to the pages")
		if c.token == "" {
			text += ": give a token, as in SWITCHYARD_TOKEN"
		}
	case http.StatusInternalServerError:
		text += " (" + h.Get("X-Request-Id") + ")"
	}
	return printable(text)
}

// valueOf says which value is wrong, if the API says so.
func valueOf(f api.Fault) string {
	if f.Value == nil {
		return ""
	}
	text, _ := json.Marshal(f.Value) // it was read from JSON
	return " is " + string(text)
}

// maxSaid bounds what is told of an answer, in bytes.
const maxSaid = 4 << 10

// printable returns a text without what a terminal would obey: it may be from anybody.
func printable(text string) string {
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// decode reads an answer into out.
func decode(a answer, out any) error {
	if out == nil {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if kind != "application/json" {
		return &AnswerError{Status: a.status, said: fmt.Sprintf("the answer is %.100q and not JSON: see whether that is the address of the monitor", printable(kind))}
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return &AnswerError{Status: a.status, said: fmt.Sprintf("the answer is not what the HTTP API says: %s: see whether this program and the monitor are of the same release", printable(err.Error()))}
	}
	return nil
}
