package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// reader reads an answer in one of the formats.
type reader interface {
	// event takes an event of a stream, whose data is a JSON object, and reports whether it is
	// the last one: some servers keep the connection open behind that.
	event(e event) (last bool, err error)
	// whole takes an answer that came in one piece.
	whole(body []byte) error
	// answer returns the answer, once all of it was taken. The error is [errCut] if the end
	// is missing.
	answer() (Answer, error)
}

// errCut is the error of an answer whose stream ended before it did.
var errCut = errors.New("the answer was cut off")

// endMark is what OpenAI's streams end with.
const endMark = "[DONE]"

// exchange sends a request to an address below the model's and has its answer read. Nothing is
// tried again.
func (w wire) exchange(ctx context.Context, base, path string, body object, r reader) (Answer, error) {
	request, err := w.request(ctx, base, path, body)
	if err != nil {
		return Answer{}, err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return Answer{}, failed(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/json" {
		err = readWhole(request.URL, response.Body, r)
	} else {
		err = readStream(response.Body, r)
	}
	if err != nil {
		return Answer{}, failed(ctx, err)
	}
	answer, err := r.answer()
	if err != nil {
		return Answer{}, failed(ctx, err)
	}
	return answer, nil
}

// request makes a request, with the key and the headers of the definition.
func (w wire) request(ctx context.Context, base, path string, body object) (*http.Request, error) {
	where, err := url.Parse(base)
	if err != nil {
		return nil, &Error{Class: Invalid, Err: fmt.Errorf("base_url: %w", err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where.JoinPath(path).String(), bytes.NewReader(encode(w.with(body))))
	if err != nil {
		return nil, &Error{Class: Invalid, Err: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("User-Agent", "Switchyard")
	if w.API == Messages {
		request.Header.Set("Anthropic-Version", anthropicVersion)
	}
	return request, w.sign(request.Header)
}

// readStream reads an answer that comes as a stream.
func readStream(body io.Reader, r reader) error {
	events := newEventReader(body)
	for {
		e, err := events.next()
		if errors.Is(err, io.EOF) || err == nil && string(e.data) == endMark {
			return nil
		}
		if err != nil {
			return err
		}
		if !json.Valid(e.data) || kindOf(e.data) != "an object" {
			return fmt.Errorf("the answer has an event that is no JSON object: %.100q", e.data)
		}
		if last, err := r.event(e); last || err != nil {
			return err
		}
	}
}

// readWhole reads an answer that comes in one piece, as from servers that do not stream.
func readWhole(from *url.URL, body io.Reader, r reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := r.whole(text); err != nil {
		var failure *Error
		if errors.As(err, &failure) {
			return err
		}
		return &Error{Class: Invalid, Err: fmt.Errorf("%s answers with JSON that is no answer (%w): does base_url lead to the API? It says %.*q", from.Redacted(), err, maxSaid, text)}
	}
	return nil
}
