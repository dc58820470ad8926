package llmtest

import (
	"encoding/json"
	"fmt"

	"switchyard/internal/llm"
)

type object = map[string]any

// readChat reads a request of chat completions.
func readChat(body []byte, ask *Ask) error {
	var in struct {
		Model     string `json:"model"`
		Stream    bool   `json:"stream"`
		MaxTokens int    `json:"max_tokens"`
		Messages  []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
			CallID  string `json:"tool_call_id"`
			Calls   []struct {
				ID       string `json:"id"`
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		} `json:"messages"`
		Tools []struct {
			Function struct{ Name string }
		} `json:"tools"`
		Format struct {
			Schema struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if !in.Stream {
		return fmt.Errorf("only streams are served here")
	}
	ask.Model, ask.MaxTokens, ask.Schema = in.Model, in.MaxTokens, in.Format.Schema.Schema
	for _, m := range in.Messages {
		switch m.Role {
		case "system":
			ask.Instructions = m.Content
		case "tool":
			ask.Conversation = append(ask.Conversation, "result "+m.CallID+": "+m.Content)
		default:
			if m.Content != "" {
				ask.Conversation = append(ask.Conversation, m.Role+": "+m.Content)
			}
			for _, c := range m.Calls {
				ask.Conversation = append(ask.Conversation, "call "+c.ID+": "+c.Function.Name+" "+c.Function.Arguments)
			}
		}
	}
	for _, t := range in.Tools {
		ask.Tools = append(ask.Tools, t.Function.Name)
	}
	return nil
}

// writeChat writes an answer of chat completions.
func writeChat(s stream, r Reply) {
	chunk := func(delta object, finish any) {
		s.event("", object{
			"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": r.Model,
			"choices": []object{{"index": 0, "delta": delta, "finish_reason": finish}},
		})
	}
	chunk(object{"role": "assistant", "content": ""}, nil)
	text := "content"
	if r.Stop == llm.Refused {
		text = "refusal"
	}
	pieces := halves(r.Text)
	chunk(object{text: pieces[0]}, nil)
	if r.Fail != "" {
		s.event("error", object{"error": object{"code": r.Fail, "message": "it failed"}})
		return
	}
	if r.Cut {
		return
	}
	for _, piece := range pieces[1:] {
		chunk(object{text: piece}, nil)
	}
	for i, c := range r.Calls {
		chunk(object{"tool_calls": []object{{"index": i, "id": c.ID, "type": "function", "function": object{"name": c.Name, "arguments": ""}}}}, nil)
		for _, piece := range halves(c.Arguments) {
			chunk(object{"tool_calls": []object{{"index": i, "function": object{"arguments": piece}}}}, nil)
		}
	}
	finish := map[llm.Stop]string{llm.Calling: "tool_calls", llm.Length: "length"}[r.Stop]
	if finish == "" {
		finish = "stop"
	}
	chunk(object{}, finish)
	s.event("", object{
		"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": r.Model, "choices": []object{},
		"usage": object{
			"prompt_tokens": r.Usage.Input, "completion_tokens": r.Usage.Output, "total_tokens": r.Usage.Input + r.Usage.Output,
			"prompt_tokens_details": object{"cached_tokens": r.Usage.Cached},
		},
	})
	_, _ = fmt.Fprint(s.w, "data: [DONE]\n\n")
}

// readResponses reads a request of responses.
func readResponses(body []byte, ask *Ask) error {
	var in struct {
		Model        string `json:"model"`
		Stream       bool   `json:"stream"`
		Store        *bool  `json:"store"`
		Instructions string `json:"instructions"`
		MaxTokens    int    `json:"max_output_tokens"`
		Input        []struct {
			Type      string          `json:"type"`
			Role      string          `json:"role"`
			Content   json.RawMessage `json:"content"`
			CallID    string          `json:"call_id"`
			Name      string          `json:"name"`
			Arguments string          `json:"arguments"`
			Output    string          `json:"output"`
		} `json:"input"`
		Tools []struct{ Name string } `json:"tools"`
		Text  struct {
			Format struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"text"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if !in.Stream || in.Store == nil || *in.Store {
		return fmt.Errorf("only streams that are not stored are served here")
	}
	ask.Model, ask.Instructions, ask.MaxTokens, ask.Schema = in.Model, in.Instructions, in.MaxTokens, in.Text.Format.Schema
	for _, item := range in.Input {
		switch item.Type {
		case "function_call":
			ask.Conversation = append(ask.Conversation, "call "+item.CallID+": "+item.Name+" "+item.Arguments)
		case "function_call_output":
			ask.Conversation = append(ask.Conversation, "result "+item.CallID+": "+item.Output)
		default:
			var text string
			if err := json.Unmarshal(item.Content, &text); err != nil {
				return err
			}
			ask.Conversation = append(ask.Conversation, item.Role+": "+text)
		}
	}
	for _, t := range in.Tools {
		ask.Tools = append(ask.Tools, t.Name)
	}
	return nil
}

// writeResponses writes an answer of responses.
func writeResponses(s stream, r Reply) {
	number := 0
	event := func(kind string, fields object) {
		number++
		fields["type"], fields["sequence_number"] = kind, number
		s.event(kind, fields)
	}
	event("response.created", object{"response": object{"id": "r1", "status": "in_progress", "model": r.Model, "output": []object{}}})
	pieces := halves(r.Text)
	event("response.output_text.delta", object{"item_id": "m1", "output_index": 0, "content_index": 0, "delta": pieces[0]})
	if r.Fail != "" {
		event("error", object{"code": r.Fail, "message": "it failed"})
		return
	}
	if r.Cut {
		return
	}
	for _, piece := range pieces[1:] {
		event("response.output_text.delta", object{"item_id": "m1", "output_index": 0, "content_index": 0, "delta": piece})
	}
	var output []object
	switch {
	case r.Stop == llm.Refused:
		output = append(output, object{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": []object{{"type": "refusal", "refusal": r.Text}}})
	case r.Text != "":
		output = append(output, object{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": []object{{"type": "output_text", "text": r.Text, "annotations": []object{}}}})
	}
	for _, c := range r.Calls {
		output = append(output, object{"type": "function_call", "id": "f" + c.ID, "call_id": c.ID, "name": c.Name, "arguments": c.Arguments, "status": "completed"})
	}
	kind, response := "response.completed", object{
		"id": "r1", "object": "response", "status": "completed", "model": r.Model, "output": output,
		"usage": object{
			"input_tokens": r.Usage.Input, "output_tokens": r.Usage.Output, "total_tokens": r.Usage.Input + r.Usage.Output,
			"input_tokens_details": object{"cached_tokens": r.Usage.Cached}, "output_tokens_details": object{"reasoning_tokens": 0},
		},
	}
	if r.Stop == llm.Length {
		kind, response["status"], response["incomplete_details"] = "response.incomplete", "incomplete", object{"reason": "max_output_tokens"}
	}
	event(kind, object{"response": response})
}
