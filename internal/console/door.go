package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"switchyard/internal/api"
)

// question is a request that a page makes of the HTTP API.
type question struct {
	method, path string // GET if left out
	query        url.Values
	body         any
	key          string // the Idempotency-Key, of what is done once
	match        string // the ETag that what is changed must have; anyNew: there must be none
}

// anyNew is the match of something that must not be there yet.
const anyNew = "*"

// ask has the HTTP API answer in this process, as the caller that ctx carries: so a page may see and do
// what a program may with the same rights. It decodes the answer into out, unless that is nil. The
// error is an [*api.Problem] if the API has refused.
func (c *Console) ask(ctx context.Context, q question, out any) error {
	var body bytes.Buffer
	if q.body != nil {
		if err := json.NewEncoder(&body).Encode(q.body); err != nil {
			return fmt.Errorf("ask %s: %w", q.path, err)
		}
	}
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, q.path+"?"+q.query.Encode(), &body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", q.path, err)
	}
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	switch q.match {
	case "":
	case anyNew:
		r.Header.Set("If-None-Match", "*")
	default:
		r.Header.Set("If-Match", q.match)
	}
	answer := &answer{header: http.Header{}}
	c.api.ServeHTTP(answer, r)
	if answer.status >= http.StatusBadRequest {
		return answer.problem(q.path)
	}
	if out == nil || answer.body.Len() == 0 {
		return nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", q.path, err)
	}
	return nil
}

// answer keeps what the API answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// problem returns why the API has refused.
func (a *answer) problem(path string) error {
	var p api.Problem
	if err := json.Unmarshal(a.body.Bytes(), &p); err != nil || p.Status == 0 {
		return fmt.Errorf("ask %s: status %d and no problem", path, a.status)
	}
	return &p
}

// taskPath returns the address of a task in the API, or of something of it.
func taskPath(id, of string) string { return "/v1/tasks/" + url.PathEscape(id) + of }

// at returns the query that names a queue.
func at(queue string) url.Values { return url.Values{"queue": {queue}} }
