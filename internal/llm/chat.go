package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
)

// chat is a model behind OpenAI's chat completions.
type chat struct{ wire }

// openaiURL is where OpenAI serves its models.
const openaiURL = "https://api.openai.com/v1"

// schemaName is how a final answer's schema is called where it has to be called something.
const schemaName = "answer"

// Ask implements [Model].
func (m chat) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	body, err := m.body(r)
	if err != nil {
		return Answer{}, err
	}
	return m.exchange(ctx, cmp.Or(m.BaseURL, openaiURL), "chat/completions", body, newChatReader(m.wire, r, told))
}

// body spells a request.
func (m chat) body(r Request) (object, error) {
	var messages []any
	if r.Instructions != "" {
		messages = append(messages, object{"role": "system", "content": r.Instructions})
	}
	for _, t := range r.spoken() {
		messages = append(messages, m.messages(t)...)
	}
	body := object{"model": m.Model, "messages": messages, "stream": true, "stream_options": object{"include_usage": true}}
	var tools []any
	for _, tool := range r.Tools {
		schema, err := readSchema(tool.Schema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		tools = append(tools, object{"type": "function", "function": object{"name": tool.Name, "description": tool.Description, "parameters": schema}})
	}
	if len(tools) > 0 {
		body["tools"] = tools
		if r.NoCalls {
			body["tool_choice"] = "none"
		}
	}
	switch {
	case r.MaxTokens == 0:
	case m.BaseURL == "":
		body["max_completion_tokens"] = r.MaxTokens
	default: // the older name, which all the others know
		body["max_tokens"] = r.MaxTokens
	}
	if m.ReasoningEffort != "" {
		body["reasoning_effort"] = m.ReasoningEffort
	}
	if r.Schema != nil {
		body["response_format"] = object{"type": "json_schema", "json_schema": object{"name": schemaName, "schema": r.Schema, "strict": true}}
	}
	return body, nil
}

// readSchema reads a JSON schema. The error is that it is no object.
func readSchema(schema json.RawMessage) (object, error) {
	var o object
	if err := json.Unmarshal(schema, &o); err != nil {
		return nil, fmt.Errorf("its schema is no JSON object: %w", err)
	}
	return o, nil
}

// messages spells a turn.
func (m chat) messages(t Turn) []any {
	switch {
	case t.Answer != nil:
		if original := m.original(t.Answer); original != nil {
			return []any{original}
		}
		message := object{"role": "assistant"}
		if t.Answer.Text != "" || len(t.Answer.Calls) == 0 {
			message["content"] = t.Answer.Text
		}
		var calls []any
		for _, c := range t.Answer.Calls {
			calls = append(calls, object{"id": c.ID, "type": "function", "function": object{"name": c.sendableName(), "arguments": string(c.sendable())}})
		}
		if calls != nil {
			message["tool_calls"] = calls
		}
		return []any{message}
	case len(t.Results) > 0:
		var all []any
		for _, result := range t.Results {
			all = append(all, object{"role": "tool", "tool_call_id": result.Call, "content": result.Text})
		}
		return all
	}
	return []any{object{"role": "user", "content": t.User}}
}
