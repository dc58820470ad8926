package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"switchyard/internal/web"
)

// Priced is a model of the configuration.
type Priced struct {
	Model
	Price     Price
	MaxTokens int // of an answer; 0 leaves it to the model
}

// Open returns the model of a definition that has been checked; name is the definition's, by
// which metrics count it. Its key is read with each request, so that a new one is used without
// a restart.
func Open(name string, d Definition, client *http.Client, metrics *Metrics) Priced {
	own := *client
	own.Transport = refusing{web.Limited{RoundTripper: client.Transport, Most: maxAnswer}}
	own.CheckRedirect = refuseRedirect
	w := wire{Definition: d, client: &own}
	var m Model = chat{w}
	switch d.API {
	case Responses:
		m = responses{w, &atomic.Bool{}}
	case Messages:
		m = messages{w}
	}
	return Priced{observed{timed{discreet{m, w}, d.Timeout}, name, d, metrics}, d.Price, d.MaxTokens}
}

// maxAnswer bounds what a server may send for an answer, in bytes. An event of a stream is some
// 300 bytes around a token: enough for more tokens than a model writes at once.
const maxAnswer = 64 << 20

// refuseRedirect has a server that sends us elsewhere fail: the key and the conversation are
// for nobody but the one that is configured.
func refuseRedirect(to *http.Request, from []*http.Request) error {
	return &Error{Class: Invalid, Err: fmt.Errorf("%s redirects: if %s is to get the key and the conversation, set base_url to it", from[0].URL.Redacted(), to.URL.Redacted())}
}

// wire is what the formats share.
type wire struct {
	Definition
	client *http.Client
}

// key returns the key of the model, "" if it has none. The error does not say it.
func (w wire) key() (string, error) {
	switch {
	case w.KeyEnv != "":
		key := os.Getenv(w.KeyEnv)
		if key == "" {
			return "", &Error{Class: Unauthorized, Err: fmt.Errorf("key_env: the variable %s is empty: set it to the key of %s", w.KeyEnv, w.Model)}
		}
		return key, nil
	case w.KeyFile != "":
		text, err := os.ReadFile(w.KeyFile)
		key := strings.TrimSpace(string(text))
		if err == nil && key == "" {
			err = errors.New("the file is empty")
		}
		if err != nil {
			return "", &Error{Class: Unauthorized, Err: fmt.Errorf("key_file: %w", err)}
		}
		return key, nil
	}
	return "", nil
}

// discreet keeps secrets out of errors: some servers repeat them in theirs.
type discreet struct {
	Model
	wire wire
}

// Ask implements [Model].
func (d discreet) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	answer, err := d.Model.Ask(ctx, r, told)
	var failure *Error
	if !errors.As(err, &failure) {
		return answer, err
	}
	for _, secret := range d.wire.secrets() {
		if secret != "" && strings.Contains(failure.Err.Error(), secret) {
			failure.Err = errors.New(strings.ReplaceAll(failure.Err.Error(), secret, "(a secret)"))
		}
	}
	return answer, failure
}

// timed bounds the requests of a model.
type timed struct {
	Model
	timeout time.Duration
}

// Ask implements [Model].
func (t timed) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(t.timeout, defaultTimeout), errTimeout)
	defer cancel()
	return t.Model.Ask(ctx, r, told)
}
