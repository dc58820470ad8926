package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
)

// messages is a model behind Anthropic's messages.
type messages struct{ wire }

const (
	// anthropicURL is where Anthropic serves its models.
	anthropicURL = "https://api.anthropic.com"
	// anthropicVersion is the version of the format that is spoken here.
	anthropicVersion = "2023-06-01"
)

// Ask implements [Model].
func (m messages) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	body, err := m.body(r)
	if err != nil {
		return Answer{}, err
	}
	return m.exchange(ctx, cmp.Or(m.BaseURL, anthropicURL), "v1/messages", body, &messagesReader{wire: m.wire, request: r, teller: teller{told: told}})
}

// body spells a request.
func (m messages) body(r Request) (object, error) {
	body := object{"model": m.Model, "max_tokens": cmp.Or(r.MaxTokens, DefaultMaxTokens), "stream": true}
	if r.Instructions != "" {
		body["system"] = []object{m.marked(object{"type": "text", "text": r.Instructions})}
	}
	var said []object
	turns := r.spoken()
	for i, t := range turns {
		role, blocks := m.blocks(t)
		if last := len(blocks) - 1; i == len(turns)-1 && role == "user" && last >= 0 {
			blocks[last] = m.marked(blocks[last].(object))
		}
		if len(blocks) > 0 {
			said = append(said, object{"role": role, "content": blocks})
		}
	}
	body["messages"] = said
	var tools []object
	for _, tool := range r.Tools {
		schema, err := readSchema(tool.Schema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		schema["type"] = "object"
		tools = append(tools, object{"name": tool.Name, "description": tool.Description, "input_schema": schema})
	}
	if last := len(tools) - 1; last >= 0 {
		tools[last] = m.marked(tools[last])
		body["tools"] = tools
		if r.NoCalls {
			body["tool_choice"] = object{"type": "none"}
		}
	}
	output := object{}
	if m.ReasoningEffort != "" {
		output["effort"] = m.ReasoningEffort
	}
	if r.Schema != nil {
		output["format"] = object{"type": "json_schema", "schema": r.Schema}
	}
	if len(output) > 0 {
		body["output_config"] = output
	}
	return body, nil
}

// marked marks a part of a request as the end of what the vendor is to keep at hand, if the
// definition wants that. There are three marks, behind the tools, the instructions and the
// conversation so far; four are allowed.
func (m messages) marked(part object) object {
	if m.PromptCache != "" {
		part["cache_control"] = object{"type": "ephemeral", "ttl": m.PromptCache}
	}
	return part
}

// blocks spells a turn: who speaks, and what. Texts of nothing but space are not taken.
func (m messages) blocks(t Turn) (role string, blocks []any) {
	switch {
	case t.Answer != nil:
		if original := m.original(t.Answer); original != nil {
			return "assistant", readBlocks(original)
		}
		if !isBlank(t.Answer.Text) {
			blocks = append(blocks, object{"type": "text", "text": t.Answer.Text})
		}
		for _, c := range t.Answer.Calls {
			blocks = append(blocks, object{"type": "tool_use", "id": sendableID(c.ID), "name": c.sendableName(), "input": c.sendable()})
		}
		return "assistant", blocks
	case len(t.Results) > 0:
		for _, result := range t.Results {
			block := object{"type": "tool_result", "tool_use_id": sendableID(result.Call), "content": []object{{"type": "text", "text": result.Text}}}
			if result.Failed {
				block["is_error"] = true
			}
			blocks = append(blocks, block)
		}
		return "user", blocks
	}
	return "user", []any{object{"type": "text", "text": t.User}}
}

// readBlocks returns the blocks of an answer that was kept.
func readBlocks(original json.RawMessage) []any {
	var raw []json.RawMessage
	if json.Unmarshal(original, &raw) != nil {
		return nil // it was written here
	}
	var blocks []any
	for _, block := range raw {
		blocks = append(blocks, block)
	}
	return blocks
}

// sendableID returns the ID of a call as Anthropic takes it, which another vendor may have
// given.
func sendableID(id string) string { return outsideNames.ReplaceAllString(id, "_") }
