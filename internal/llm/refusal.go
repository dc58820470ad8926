package llm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"switchyard/internal/web"
)

// maxRefusal bounds what is read of a response that is no answer, and maxSaid what is kept
// of it, in bytes.
const (
	maxRefusal = 64 << 10
	maxSaid    = 500
)

// refusing is a transport for all wire formats that returns an [*Error] in place of a
// response that is no answer. The vendors' clients know their own vendor's errors; those of
// the others who speak their formats differ, and say in the body alone what is wrong.
type refusing struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if err != nil || isAnswer(response) {
		return response, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err != nil {
		return nil, err
	}
	if response.StatusCode < http.StatusBadRequest {
		kind := response.Header.Get("Content-Type")
		return nil, &Error{Class: Invalid, Err: fmt.Errorf("%s answers with %s and not with a stream: does base_url lead to the API? It says %.*q", r.URL.Redacted(), kind, maxSaid, text)}
	}
	said := readRefusal(text)
	return nil, &Error{
		Class:      classOf(response.StatusCode, said.name(), said.Message),
		Status:     response.StatusCode,
		RetryAfter: web.RetryAfter(response.Header.Get("Retry-After")),
		Err:        fmt.Errorf("%s answers %s: %.*q", r.URL.Redacted(), response.Status, maxSaid, said.Message),
	}
}

// isAnswer reports whether a response may be an answer. Redirects are refused elsewhere.
func isAnswer(r *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.StatusCode >= http.StatusBadRequest:
		return false
	case r.StatusCode >= http.StatusMultipleChoices:
		return true
	}
	return kind != "text/html"
}

// brokenOff returns the error of a stream that brings one in place of the rest of the answer.
func brokenOff(event []byte) *Error {
	said := readRefusal(event)
	return &Error{Class: classOf(0, said.name(), said.Message), Err: fmt.Errorf("the answer ends in an error: %s %.*q", said.name(), maxSaid, said.Message)}
}

// refusal is what servers say of an error. A code that is a number is the status once more.
type refusal struct {
	Code    any    `json:"code"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// name returns what the error is called.
func (r refusal) name() string {
	code, _ := r.Code.(string)
	return cmp.Or(code, r.Type)
}

// readRefusal reads an error as OpenAI, Anthropic and llama.cpp write it, under "error", as
// vLLM does, without that, or as Ollama does, as nothing but a string. What is none of these
// is the message.
func readRefusal(body []byte) (r refusal) {
	var outer struct {
		refusal
		Error json.RawMessage `json:"error"`
	}
	var message string
	switch {
	case json.Unmarshal(body, &outer) != nil:
	case json.Unmarshal(outer.Error, &message) == nil && message != "":
		return refusal{Message: message}
	case json.Unmarshal(outer.Error, &r) == nil && r.Message != "":
		return r
	case outer.Message != "":
		return outer.refusal
	}
	r.Message = string(body)
	return r
}
