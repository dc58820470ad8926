package llm

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/web"
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
	// Temperature and ReasoningEffort are passed on where they are given; which values a model
	// takes, its vendor says.
	Temperature     *float64 `yaml:"temperature,omitempty"`
	ReasoningEffort string   `yaml:"reasoning_effort,omitempty"`
	// PromptCache, 5m or 1h, has Anthropic keep the begin of a conversation at hand for so
	// long; "" has it keep nothing.
	PromptCache string `yaml:"prompt_cache,omitempty"`
	// Headers are sent with each request. HeadersEnv names the variables of the worker that
	// hold the values of those that are secrets.
	Headers    map[string]string `yaml:"headers,omitempty"`
	HeadersEnv map[string]string `yaml:"headers_env,omitempty"`
	// Parameters are further fields of the request, passed on as they are.
	Parameters map[string]any `yaml:"parameters,omitempty"`
	// Price is what a million tokens cost, in a currency of yours.
	Price Price `yaml:"price,omitempty"`
}

// Price is what a million tokens cost.
type Price struct {
	Input  float64 `yaml:"input,omitempty"`
	Cached float64 `yaml:"cached,omitempty"` // of input that the vendor had at hand
	// Written is the price of input that the vendor puts at hand; 0: that of any other.
	Written float64 `yaml:"written,omitempty"`
	Output  float64 `yaml:"output,omitempty"`
}

// million is the number of tokens that a price is for.
const million = 1e6

// Of returns what an answer cost.
func (p Price) Of(u Usage) float64 {
	plain := u.Input - u.Cached - u.Written
	return (float64(plain)*p.Input + float64(u.Cached)*p.Cached + float64(u.Written)*cmp.Or(p.Written, p.Input) + float64(u.Output)*p.Output) / million
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
	if d.BaseURL != "" {
		if err := web.CheckService(d.BaseURL); err != nil {
			return fmt.Errorf("base_url %w", err)
		}
	}
	if d.KeyEnv != "" && d.KeyFile != "" {
		return errors.New("key_env and key_file are both given: leave one out")
	}
	if d.Timeout < 0 {
		return fmt.Errorf("timeout is %s: use 0 or more", d.Timeout)
	}
	if d.MaxTokens < 0 {
		return fmt.Errorf("max_tokens is %d: use 0 or more", d.MaxTokens)
	}
	if lowest := min(d.Price.Input, d.Price.Cached, d.Price.Written, d.Price.Output); lowest < 0 {
		return fmt.Errorf("a price is %v: use 0 or more", lowest)
	}
	return d.checkTuning()
}
