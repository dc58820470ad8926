package llmtest

import (
	"encoding/json"
	"fmt"

	"switchyard/internal/llm"
)

// readMessages reads a request of messages.
func readMessages(body []byte, ask *Ask) error {
	var in struct {
		Model     string                  `json:"model"`
		Stream    bool                    `json:"stream"`
		MaxTokens int                     `json:"max_tokens"`
		System    []struct{ Text string } `json:"system"`
		Messages  []struct {
			Role    string `json:"role"`
			Content []struct {
				Type    string          `json:"type"`
				Text    string          `json:"text"`
				ID      string          `json:"id"`
				Name    string          `json:"name"`
				Input   json.RawMessage `json:"input"`
				UseID   string          `json:"tool_use_id"`
				Content []struct {
					Text string `json:"text"`
				} `json:"content"`
			} `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Name   string `json:"name"`
			Schema struct {
				Type string `json:"type"`
			} `json:"input_schema"`
		} `json:"tools"`
		Output struct {
			Format struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"output_config"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if !in.Stream || in.MaxTokens == 0 {
		return fmt.Errorf("only streams with a bound are served here")
	}
	ask.Model, ask.MaxTokens, ask.Schema = in.Model, in.MaxTokens, in.Output.Format.Schema
	for _, block := range in.System {
		ask.Instructions += block.Text
	}
	for _, m := range in.Messages {
		for _, block := range m.Content {
			switch block.Type {
			case "text":
				ask.Conversation = append(ask.Conversation, m.Role+": "+block.Text)
			case "tool_use":
				ask.Conversation = append(ask.Conversation, "call "+block.ID+": "+block.Name+" "+string(block.Input))
			case "tool_result":
				ask.Conversation = append(ask.Conversation, "result "+block.UseID+": "+block.Content[0].Text)
			}
		}
	}
	for _, t := range in.Tools {
		if t.Schema.Type != "object" {
			return fmt.Errorf("the input of tool %s is no object", t.Name)
		}
		ask.Tools = append(ask.Tools, t.Name)
	}
	return nil
}

// writeMessages writes an answer of messages.
func writeMessages(s stream, r Reply) {
	event := func(kind string, fields object) {
		fields["type"] = kind
		s.event(kind, fields)
	}
	event("message_start", object{"message": object{
		"id": "m1", "type": "message", "role": "assistant", "model": r.Model, "content": []object{}, "stop_reason": nil,
		"usage": object{"input_tokens": r.Usage.Input - r.Usage.Cached, "cache_read_input_tokens": r.Usage.Cached, "output_tokens": 1},
	}})
	index := 0
	pieces := halves(r.Text)
	event("content_block_start", object{"index": index, "content_block": object{"type": "text", "text": ""}})
	event("content_block_delta", object{"index": index, "delta": object{"type": "text_delta", "text": pieces[0]}})
	if r.Fail != "" {
		event("error", object{"error": object{"type": r.Fail, "message": "it failed"}})
		return
	}
	if r.Cut {
		return
	}
	for _, piece := range pieces[1:] {
		event("content_block_delta", object{"index": index, "delta": object{"type": "text_delta", "text": piece}})
	}
	event("content_block_stop", object{"index": index})
	for _, c := range r.Calls {
		index++
		event("content_block_start", object{"index": index, "content_block": object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": object{}}})
		for _, piece := range halves(c.Arguments) {
			event("content_block_delta", object{"index": index, "delta": object{"type": "input_json_delta", "partial_json": piece}})
		}
		event("content_block_stop", object{"index": index})
	}
	stop := map[llm.Stop]string{llm.Calling: "tool_use", llm.Length: "max_tokens", llm.Refused: "refusal"}[r.Stop]
	if stop == "" {
		stop = "end_turn"
	}
	event("message_delta", object{"delta": object{"stop_reason": stop}, "usage": object{"output_tokens": r.Usage.Output}})
	event("message_stop", object{})
}
