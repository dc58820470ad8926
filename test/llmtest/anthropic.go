package llmtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
				Type      string          `json:"type"`
				Text      string          `json:"text"`
				ID        string          `json:"id"`
				Name      string          `json:"name"`
				Input     json.RawMessage `json:"input"`
				Thinking  string          `json:"thinking"`
				Signature string          `json:"signature"`
				Data      string          `json:"data"`
				UseID     string          `json:"tool_use_id"`
				Content   []struct {
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
		Choice struct{ Type string } `json:"tool_choice"`
		Output struct {
			Format struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"output_config"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	ask.ToolChoice = in.Choice.Type
	if !in.Stream || in.MaxTokens == 0 {
		return fmt.Errorf("only streams with a bound are served here")
	}
	ask.Model, ask.MaxTokens, ask.Schema = in.Model, in.MaxTokens, in.Output.Format.Schema
	for _, block := range in.System {
		ask.Instructions += block.Text
	}
	for _, m := range in.Messages {
		if len(m.Content) == 0 {
			return errors.New("all messages must have non-empty content")
		}
		thought, opaque := "", ""
		for _, block := range m.Content {
			switch block.Type {
			case "thinking":
				if block.Signature != sign(block.Thinking) {
					return fmt.Errorf("invalid signature %q in a thinking block", block.Signature)
				}
				thought = block.Thinking
			case "redacted_thinking":
				opaque = block.Data
			case "text":
				if strings.TrimSpace(block.Text) == "" {
					return errors.New("text content blocks must be non-empty")
				}
				ask.Conversation = append(ask.Conversation, m.Role+": "+block.Text)
				if m.Role == "assistant" {
					ask.past.texts = append(ask.past.texts, block.Text)
					if thought != "" && opaque == sign(thought) {
						ask.past.think(block.Text, thought)
					}
				}
			case "tool_use":
				ask.Conversation = append(ask.Conversation, "call "+block.ID+": "+block.Name+" "+string(block.Input))
				ask.past.calls = append(ask.past.calls, pastCall{block.ID, block.Name, string(block.Input)})
				if thought != "" && opaque == sign(thought) {
					ask.past.think(block.ID, thought)
				}
			case "tool_result":
				ask.past.results = append(ask.past.results, block.UseID)
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

// sign returns the signature of a thought.
func sign(thought string) string { return "signed:" + thought }

// thoughtBlocks are the blocks of a thought.
func thoughtBlocks(thought string) []object {
	return []object{{"type": "thinking", "thinking": thought, "signature": sign(thought)}, {"type": "redacted_thinking", "data": sign(thought)}}
}

// stopReason is Anthropic's word for why an answer ended.
func stopReason(r Reply) string {
	if r.Finish != "" {
		return r.Finish
	}
	stop := map[llm.Stop]string{llm.Calling: "tool_use", llm.Length: "max_tokens", llm.Refused: "refusal", llm.Paused: "pause_turn"}[r.Stop]
	return cmp.Or(stop, "end_turn")
}

// wholeMessages writes an answer of messages in one piece. Arguments that are no JSON cannot
// be written so.
func wholeMessages(r Reply) []byte {
	content := []object{}
	if r.Thought != "" {
		content = thoughtBlocks(r.Thought)
	}
	if r.Text != "" {
		content = append(content, object{"type": "text", "text": r.Text})
	}
	for _, c := range r.Calls {
		content = append(content, object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": json.RawMessage(cmp.Or(c.Arguments, "{}"))})
	}
	return encode(object{
		"id": "m1", "type": "message", "role": "assistant", "model": r.Model, "content": content, "stop_reason": stopReason(r),
		"usage": object{"input_tokens": r.Usage.Input - r.Usage.Cached, "cache_read_input_tokens": r.Usage.Cached, "output_tokens": r.Usage.Output},
	})
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
	if r.Thought != "" {
		blocks := thoughtBlocks(r.Thought)
		event("content_block_start", object{"index": 0, "content_block": object{"type": "thinking", "thinking": "", "signature": ""}})
		for _, piece := range halves(r.Thought) {
			event("content_block_delta", object{"index": 0, "delta": object{"type": "thinking_delta", "thinking": piece}})
		}
		event("content_block_delta", object{"index": 0, "delta": object{"type": "signature_delta", "signature": sign(r.Thought)}})
		event("content_block_stop", object{"index": 0})
		event("content_block_start", object{"index": 1, "content_block": blocks[1]})
		event("content_block_stop", object{"index": 1})
		index = 2
	}
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
		if !r.SameIndex {
			index++
		}
		event("content_block_start", object{"index": index, "content_block": object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": object{}}})
		for _, piece := range halves(c.Arguments) {
			event("content_block_delta", object{"index": index, "delta": object{"type": "input_json_delta", "partial_json": piece}})
		}
		event("content_block_stop", object{"index": index})
	}
	event("message_delta", object{"delta": object{"stop_reason": stopReason(r)}, "usage": object{"output_tokens": r.Usage.Output}})
	event("message_stop", object{})
}
