// Package llm asks language models, over the wire formats that they are served with:
// OpenAI's chat completions, which Ollama, vLLM, llama.cpp and others speak too, OpenAI's
// responses, and Anthropic's messages. A conversation is written down here once, and looks
// the same to all of them.
//
// The formats are read and written here and not by their vendors' clients: those drop what
// they do not know, which the next request needs, and mend what is broken, which hides it.
//
// A model is asked once: who asks decides about trying again. An [Error] says what went
// wrong, in classes that are the same for all vendors.
package llm

import (
	"context"
	"encoding/json"
)

// Model answers requests. An implementation honours ctx and is safe for concurrent use.
type Model interface {
	// Ask returns the model's answer. told gets the text of the answer as it comes, piece by
	// piece, without what the model thinks before; it is called by one goroutine, and not
	// after Ask has returned. The error is an [*Error], or that of ctx.
	Ask(ctx context.Context, r Request, told func(piece string)) (Answer, error)
}

// Request is a conversation that a model is to go on with.
type Request struct {
	Instructions string
	Turns        []Turn
	Tools        []Tool
	// NoCalls has the model call none of the tools. They are declared all the same: servers
	// refuse a conversation with calls of tools that are not.
	NoCalls bool
	// MaxTokens bounds the answer. 0 leaves it to the model, or to [DefaultMaxTokens] where
	// the vendor asks for a bound.
	MaxTokens int
	// Schema is the JSON schema that the text of a final answer has to follow; nil: it is
	// plain text. Not every server enforces it.
	Schema json.RawMessage
}

// DefaultMaxTokens bounds an answer where the vendor asks for a bound and nobody gave one.
const DefaultMaxTokens = 4096

// Turn is one contribution to a conversation: what a user says, what the model has answered,
// or what the tools brought that it called. Only one of them is set.
type Turn struct {
	User    string   `json:"user,omitempty"`
	Answer  *Answer  `json:"answer,omitempty"`
	Results []Result `json:"results,omitempty"`
}

// Tool is a tool that a model may call.
type Tool struct {
	Name        string          `json:"name"` // at most 64 letters, digits, _ and -
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema"` // of its arguments: a JSON schema of an object
}

// Answer is what a model answered. As JSON it can be kept and put into a later request.
type Answer struct {
	// Text is what the model says, without what it thinks before that.
	Text  string `json:"text,omitempty"`
	Calls []Call `json:"calls,omitempty"`
	Stop  Stop   `json:"stop"`
	// Reason is the vendor's own word for an answer that did not end as it should have.
	Reason string `json:"reason,omitempty"`
	Usage  Usage  `json:"usage"`
	// Cost is what that costs, in the currency of the model's prices.
	Cost  float64 `json:"cost,omitempty"`
	Model string  `json:"model"` // as the server names it
	// Original is the answer as it came, if it has more than text and calls.
	Original *Original `json:"original,omitempty"`
}

// Empty reports whether the answer has neither text nor calls.
func (a Answer) Empty() bool { return isBlank(a.Text) && len(a.Calls) == 0 }

// Result is what a call brought.
type Result struct {
	Call   string `json:"call"` // its ID
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
}

// Stop says why an answer ended.
type Stop string

// The reasons.
const (
	Ended   Stop = "end"     // it is complete
	Calling Stop = "calls"   // the model waits for the results of its calls
	Length  Stop = "length"  // the bound was reached
	Refused Stop = "refusal" // the model, or a filter before it, does not answer this
	Paused  Stop = "pause"   // the model goes on when it is asked again with what it said so far
)
