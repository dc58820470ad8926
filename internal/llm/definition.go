package llm

import (
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
	if d.BaseURL != "" && !web.IsURL(d.BaseURL) {
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
