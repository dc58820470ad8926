package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// The wire formats.
const (
	Chat      = "openai-chat"        // OpenAI's chat completions, and all who speak them
	Responses = "openai-responses"   // OpenAI's responses
	Messages  = "anthropic-messages" // Anthropic's messages
)

// defaultTimeout bounds a request, unless its definition does.
const defaultTimeout = 2 * time.Minute

// Definition configures a model.
type Definition struct {
	// API is the wire format.
	API string `yaml:"api"`
	// Model is its name at the server.
	Model string `yaml:"model"`
	// BaseURL is where it is served, with the path before the API's own, such as
	// http://127.0.0.1:11434/v1. "" means the vendor's.
	BaseURL string `yaml:"base_url,omitempty"`
	// KeyEnv names the variable, KeyFile the file that holds the key. Without either no key
	// is sent.
	KeyEnv  string `yaml:"key_env,omitempty"`
	KeyFile string `yaml:"key_file,omitempty"`
	// Timeout bounds one request; 0 means 2 minutes.
	Timeout time.Duration `yaml:"timeout,omitempty"`
	// MaxTokens bounds an answer; 0 leaves it to the model.
	MaxTokens int `yaml:"max_tokens,omitempty"`
	// Price is what a million tokens cost, in a currency of yours.
	Price Price `yaml:"price,omitempty"`
}

// Price is what a million tokens cost.
type Price struct {
	Input  float64 `yaml:"input,omitempty"`
	Cached float64 `yaml:"cached,omitempty"` // of input that the vendor had at hand
	Output float64 `yaml:"output,omitempty"`
}

// million is the number of tokens that a price is for.
const million = 1e6

// Of returns what an answer cost.
func (p Price) Of(u Usage) float64 {
	return (float64(u.Input-u.Cached)*p.Input + float64(u.Cached)*p.Cached + float64(u.Output)*p.Output) / million
}

// Check reports what is wrong with the definition.
func (d Definition) Check() error {
	switch d.API {
	case Chat, Responses, Messages:
	default:
		return fmt.Errorf("api %q: use %s, %s or %s", d.API, Chat, Responses, Messages)
	}
	if d.Model == "" {
		return errors.New("model is empty: give its name at the server")
	}
	if u, err := url.Parse(d.BaseURL); d.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("base_url %q: give an http or https URL, such as http://127.0.0.1:11434/v1", d.BaseURL)
	}
	if d.KeyEnv != "" && d.KeyFile != "" {
		return errors.New("key_env and key_file are both given: leave one out")
	}
	if d.Timeout < 0 || d.MaxTokens < 0 || min(d.Price.Input, d.Price.Cached, d.Price.Output) < 0 {
		return errors.New("timeout, max_tokens and prices must not be negative")
	}
	return nil
}

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
	w := wire{Definition: d, client: client}
	var m Model = chat{w}
	switch d.API {
	case Responses:
		m = responsesModel{w}
	case Messages:
		m = messages{w}
	}
	return Priced{observed{timed{m, d.Timeout}, name, d, metrics}, d.Price, d.MaxTokens}
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
