package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// within bounds a request with all its tries; one that waits for something may wait besides.
	within = 30 * time.Second
	// tries is how often a request is made that is safe to repeat.
	tries = 3
	// firstPause is how long the second try waits at least, the third twice as long.
	firstPause = 200 * time.Millisecond
	// maxPause bounds how long the API may have us wait before the next try.
	maxPause = 5 * time.Second
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 128 << 20
)

// request is one request to the API.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         any           // nil: none
	key          string        // of a request that may be repeated by it
	patience     time.Duration // how long the answer may wait for something
}

// safe reports whether the request may be made again without knowing what became of it.
func (r request) safe() bool { return r.method == http.MethodGet || r.key != "" }

// do makes a request and decodes the answer into out, which may be nil. It returns the status and
// the header of the answer.
func (c *Client) do(ctx context.Context, r request, out any) (int, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, within+r.patience)
	defer cancel()
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return 0, nil, fmt.Errorf("encode a request: %w", err)
		}
	}
	for try := 1; ; try++ {
		res, err := c.try(ctx, r, body)
		if err == nil {
			if err = decode(res, out); err == nil {
				return res.status, res.header, nil
			}
		}
		if try == tries || !r.safe() || !passing(err) || !sleep(ctx, pauseBefore(try, err)) {
			return 0, nil, err
		}
	}
}

// answer is an answer of the API that has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// try makes a request once. What is no success is an error.
func (c *Client) try(ctx context.Context, r request, body []byte) (answer, error) {
	res, err := c.send(ctx, r, body)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return answer{}, c.unreachable(ctx, err)
	}
	if len(text) > maxAnswer {
		return answer{}, &AnswerError{Status: res.StatusCode, said: fmt.Sprintf("the answer has more than %d MiB: ask for less at once, as with --limit", maxAnswer>>20)}
	}
	a := answer{res.StatusCode, res.Header, text}
	if a.status >= http.StatusMultipleChoices {
		return a, c.refusal(a)
	}
	return a, nil
}

// send makes a request and returns the answer, whose body is still to be read.
func (c *Client) send(ctx context.Context, r request, body []byte) (*http.Response, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request %s %s: %w", r.method, r.path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("User-Agent", c.agent)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return res, nil
}

// passing reports whether the same request may succeed in a moment.
func passing(err error) bool {
	var answered *AnswerError
	if errors.As(err, &answered) {
		return answered.Temporary()
	}
	var away *UnreachableError
	return errors.As(err, &away) && !away.final
}

// pauseBefore returns how long to wait after a try, as the API asks for, or longer each time and
// not as long as others do.
func pauseBefore(try int, err error) time.Duration {
	var answered *AnswerError
	if errors.As(err, &answered) && answered.RetryAfter > 0 {
		return min(answered.RetryAfter, maxPause)
	}
	pause := firstPause << (try - 1)
	return pause + rand.N(pause)
}

// sleep waits, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// segment returns an ID as a part of a path. Whoever forwards a request would take a dot alone for
// this folder, and two for the one above.
func segment(id string) string {
	if id == "." || id == ".." {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

// retryAfter reads how many seconds an answer asks to wait.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
