package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// responses is a model behind OpenAI's responses. Nothing is kept at the vendor: each request
// holds the whole conversation, with the model's thoughts, which the vendor has encrypted.
type responses struct {
	wire
	// thoughtless notes that the server has refused to give thoughts, as for models that have
	// none.
	thoughtless *atomic.Bool
}

// thoughts is what a request includes to be given encrypted thoughts.
const thoughts = "reasoning.encrypted_content"

// Ask implements [Model].
func (m responses) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	answer, err := m.ask(ctx, r, told)
	var failure *Error
	if errors.As(err, &failure) && failure.Class == Invalid && !m.thoughtless.Load() && isAboutThoughts(failure) {
		m.thoughtless.Store(true)
		return m.ask(ctx, r, told)
	}
	return answer, err
}

// isAboutThoughts reports whether a server refuses a request because it does not give thoughts.
func isAboutThoughts(failure *Error) bool {
	said := strings.ToLower(failure.Err.Error())
	return strings.Contains(said, "encrypted") && !strings.Contains(said, "input[") || strings.Contains(said, "include")
}

func (m responses) ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	body, err := m.body(r)
	if err != nil {
		return Answer{}, err
	}
	return m.exchange(ctx, cmp.Or(m.BaseURL, openaiURL), "responses", body, &responsesReader{wire: m.wire, request: r, teller: teller{told: told}})
}

// body spells a request.
func (m responses) body(r Request) (object, error) {
	input := []any{}
	for _, t := range r.spoken() {
		input = append(input, m.items(t)...)
	}
	body := object{"model": m.Model, "input": input, "store": false, "stream": true}
	if !m.thoughtless.Load() {
		body["include"] = []string{thoughts}
	}
	if r.Instructions != "" {
		body["instructions"] = r.Instructions
	}
	var tools []object
	for _, tool := range r.Tools {
		schema, err := readSchema(tool.Schema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		tools = append(tools, object{"type": "function", "name": tool.Name, "description": tool.Description, "parameters": schema, "strict": false})
	}
	if len(tools) > 0 {
		body["tools"] = tools
		if r.NoCalls {
			body["tool_choice"] = "none"
		}
	}
	if r.MaxTokens > 0 {
		body["max_output_tokens"] = r.MaxTokens
	}
	if m.ReasoningEffort != "" {
		body["reasoning"] = object{"effort": m.ReasoningEffort}
	}
	if r.Schema != nil {
		body["text"] = object{"format": object{"type": "json_schema", "name": schemaName, "schema": r.Schema, "strict": true}}
	}
	return body, nil
}

// items spells a turn.
func (m responses) items(t Turn) (items []any) {
	switch {
	case t.Answer != nil:
		var original []json.RawMessage
		if json.Unmarshal(m.original(t.Answer), &original) == nil {
			for _, item := range original {
				items = append(items, item)
			}
			return items
		}
		if t.Answer.Text != "" {
			items = append(items, object{"role": "assistant", "content": t.Answer.Text})
		}
		for _, c := range t.Answer.Calls {
			items = append(items, object{"type": "function_call", "call_id": c.ID, "name": c.sendableName(), "arguments": string(c.sendable())})
		}
		return items
	case len(t.Results) > 0:
		for _, result := range t.Results {
			items = append(items, object{"type": "function_call_output", "call_id": result.Call, "output": result.Text})
		}
		return items
	}
	return []any{object{"role": "user", "content": t.User}}
}
