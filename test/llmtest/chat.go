package llmtest

import (
	"cmp"
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
			Thought string `json:"reasoning_content"`
			CallID  string `json:"tool_call_id"`
			Calls   []struct {
				ID       string `json:"id"`
				Function struct{ Name, Arguments string }
				Extra    struct {
					Google struct {
						Signature string `json:"thought_signature"`
					} `json:"google"`
				} `json:"extra_content"`
			} `json:"tool_calls"`
		} `json:"messages"`
		Tools []struct {
			Function struct{ Name string }
		} `json:"tools"`
		Choice string `json:"tool_choice"`
		Format struct {
			Schema struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	ask.ToolChoice = in.Choice
	if !in.Stream {
		return fmt.Errorf("only streams are served here")
	}
	ask.Model, ask.MaxTokens, ask.Schema = in.Model, in.MaxTokens, in.Format.Schema.Schema
	for _, m := range in.Messages {
		switch m.Role {
		case "system":
			ask.Instructions = m.Content
		case "tool":
			ask.past.results = append(ask.past.results, m.CallID)
			ask.Conversation = append(ask.Conversation, "result "+m.CallID+": "+m.Content)
		default:
			if m.Content != "" {
				ask.Conversation = append(ask.Conversation, m.Role+": "+m.Content)
			}
			if m.Role == "assistant" && len(m.Calls) == 0 {
				ask.past.texts = append(ask.past.texts, m.Content)
				if m.Thought != "" {
					ask.past.think(m.Content, m.Thought)
				}
			}
			for _, c := range m.Calls {
				ask.past.calls = append(ask.past.calls, pastCall{c.ID, c.Function.Name, c.Function.Arguments})
				if c.Extra.Google.Signature != "" && m.Thought != "" && c.Extra.Google.Signature == sign(m.Thought) {
					ask.past.think(c.ID, m.Thought)
				}
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
	if r.Thought != "" {
		for _, piece := range halves(r.Thought) {
			chunk(object{"reasoning_content": piece}, nil)
		}
	}
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
		if r.SameIndex {
			i = 0
		}
		call := chatCall(r, c)
		call["index"], call["function"] = i, object{"name": c.Name, "arguments": ""}
		chunk(object{"tool_calls": []object{call}}, nil)
		for _, piece := range halves(c.Arguments) {
			chunk(object{"tool_calls": []object{{"index": i, "function": object{"arguments": piece}}}}, nil)
		}
	}
	chunk(object{}, finishReason(r))
	s.event("", object{
		"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": r.Model, "choices": []object{},
		"usage": chatUsage(r),
	})
	_, _ = fmt.Fprint(s.w, "data: [DONE]\n\n")
}

// chatCall is a call with its thought, without its arguments.
func chatCall(r Reply, c llm.Call) object {
	call := object{"id": c.ID, "type": "function"}
	if r.Thought != "" {
		call["extra_content"] = object{"google": object{"thought_signature": sign(r.Thought)}}
	}
	return call
}

// finishReason is OpenAI's word for why an answer ended.
func finishReason(r Reply) string {
	finish := map[llm.Stop]string{llm.Calling: "tool_calls", llm.Length: "length"}[r.Stop]
	return cmp.Or(r.Finish, finish, "stop")
}

func chatUsage(r Reply) object {
	return object{
		"prompt_tokens": r.Usage.Input, "completion_tokens": r.Usage.Output, "total_tokens": r.Usage.Input + r.Usage.Output,
		"prompt_tokens_details": object{"cached_tokens": r.Usage.Cached},
	}
}

// wholeChat writes an answer of chat completions in one piece.
func wholeChat(r Reply) []byte {
	message := object{"role": "assistant", "content": r.Text, "refusal": nil}
	if r.Thought != "" {
		message["reasoning_content"] = r.Thought
	}
	var calls []object
	for _, c := range r.Calls {
		call := chatCall(r, c)
		call["function"] = object{"name": c.Name, "arguments": c.Arguments}
		calls = append(calls, call)
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	return encode(object{
		"id": "c1", "object": "chat.completion", "created": 1, "model": r.Model, "usage": chatUsage(r),
		"choices": []object{{"index": 0, "message": message, "finish_reason": finishReason(r)}},
	})
}
