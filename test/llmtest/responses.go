package llmtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"switchyard/internal/llm"
)

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
			Encrypted string          `json:"encrypted_content"`
		} `json:"input"`
		Include []string                `json:"include"`
		Choice  string                  `json:"tool_choice"`
		Tools   []struct{ Name string } `json:"tools"`
		Text    struct {
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
	ask.ToolChoice = in.Choice
	ask.Model, ask.Instructions, ask.MaxTokens, ask.Schema = in.Model, in.Instructions, in.MaxTokens, in.Text.Format.Schema
	thought := ""
	for _, item := range in.Input {
		switch item.Type {
		case "reasoning":
			if !slices.Contains(in.Include, "reasoning.encrypted_content") {
				return fmt.Errorf("there are encrypted thoughts, and none are wanted")
			}
			thought = item.Encrypted
			continue
		case "function_call":
			ask.Conversation = append(ask.Conversation, "call "+item.CallID+": "+item.Name+" "+item.Arguments)
			ask.past.calls = append(ask.past.calls, pastCall{item.CallID, item.Name, item.Arguments})
			if thought != "" {
				ask.past.think(item.CallID, thought)
			}
			continue
		case "function_call_output":
			ask.Conversation = append(ask.Conversation, "result "+item.CallID+": "+item.Output)
			ask.past.results = append(ask.past.results, item.CallID)
		default:
			text, err := responseText(item.Content)
			if err != nil {
				return err
			}
			ask.Conversation = append(ask.Conversation, item.Role+": "+text)
			if item.Role == "assistant" {
				ask.past.texts = append(ask.past.texts, text)
				if thought != "" && item.Type == "message" {
					ask.past.think(text, thought)
					continue // it may be that of calls behind it, too
				}
			}
		}
		thought = ""
	}
	for _, t := range in.Tools {
		ask.Tools = append(ask.Tools, t.Name)
	}
	return nil
}

// responseText returns the text of a message, which is a string or a list of parts.
func responseText(content json.RawMessage) (text string, err error) {
	if json.Unmarshal(content, &text) == nil {
		return text, nil
	}
	var parts []struct{ Text string }
	err = json.Unmarshal(content, &parts)
	for _, part := range parts {
		text += part.Text
	}
	return text, err
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
	kind, response := responseOf(r)
	event(kind, object{"response": response})
}

// wholeResponses writes an answer of responses in one piece.
func wholeResponses(r Reply) []byte {
	_, response := responseOf(r)
	return encode(response)
}

// responseOf returns an answer, and what its last event is called.
func responseOf(r Reply) (kind string, response object) {
	var output []object
	if r.Thought != "" {
		output = append(output, object{"type": "reasoning", "id": "t1", "summary": []object{}, "encrypted_content": r.Thought})
	}
	switch {
	case r.Stop == llm.Refused:
		output = append(output, object{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": []object{{"type": "refusal", "refusal": r.Text}}})
	case r.Text != "":
		output = append(output, object{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": []object{{"type": "output_text", "text": r.Text, "annotations": []object{}}}})
	}
	for _, c := range r.Calls {
		output = append(output, object{"type": "function_call", "id": "f" + c.ID, "call_id": c.ID, "name": c.Name, "arguments": c.Arguments, "status": "completed"})
	}
	kind, response = "response.completed", object{
		"id": "r1", "object": "response", "status": "completed", "model": r.Model, "output": output,
		"usage": object{
			"input_tokens": r.Usage.Input, "output_tokens": r.Usage.Output, "total_tokens": r.Usage.Input + r.Usage.Output,
			"input_tokens_details": object{"cached_tokens": r.Usage.Cached}, "output_tokens_details": object{"reasoning_tokens": 0},
		},
	}
	if r.Stop == llm.Length || r.Finish != "" {
		kind, response["status"], response["incomplete_details"] = "response.incomplete", "incomplete", object{"reason": cmp.Or(r.Finish, "max_output_tokens")}
	}
	return kind, response
}
