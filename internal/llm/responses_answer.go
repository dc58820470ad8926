package llm

import (
	"encoding/json"
	"fmt"
)

// answer implements [reader].
func (r *responsesReader) answer() (Answer, error) {
	if r.said == nil {
		return Answer{}, &Error{Class: Broken, Err: errCut}
	}
	u := r.said.Usage
	a := Answer{Stop: Ended, Model: r.said.Model, Usage: Usage{Input: int64(u.Input), Cached: int64(u.Details.Cached), Output: int64(u.Output)}}
	text, aside, plain, refused := "", "", true, false
	for i, raw := range r.said.Output {
		var item responseItem
		if err := json.Unmarshal(raw, &item); err != nil {
			return Answer{}, &Error{Class: Broken, Err: fmt.Errorf("the answer has an item that cannot be read: %w", err)}
		}
		switch item.Type {
		case "message":
			said, refusal := item.said()
			refused = refused || refusal
			if item.Phase == "commentary" {
				aside += said
			} else {
				text += said
			}
			plain = plain && i == 0 && isPlainMessage(raw)
		case "function_call":
			if len(a.Calls) == maxCalls {
				return Answer{}, &Error{Class: Broken, Err: errCalls}
			}
			a.Calls = append(a.Calls, Call{ID: item.CallID, Name: item.Name, Arguments: item.arguments()})
			plain = plain && isPlainCall(raw)
		default:
			plain = false
		}
	}
	if text == "" {
		text = aside // what it says of its work is all it says
	}
	a.Text = withoutThoughts(text)
	r.request.identify(a.Calls)
	switch reason := r.said.Details.Reason; {
	case refused:
		a.Stop, a.Reason = Refused, "refusal"
	case reason == "content_filter":
		a.Stop, a.Reason = Refused, reason
	case reason != "" || r.said.Status == "incomplete":
		a.Stop, a.Reason = Length, reason
	case len(a.Calls) > 0:
		a.Stop = Calling
	}
	if a.Text != text || !plain {
		a.Original = r.wire.keep(r.items(a.Calls))
	}
	return a, nil
}

// said returns the text of a message, and whether it refuses to answer.
func (i responseItem) said() (text string, refused bool) {
	var parts []responsePart
	if json.Unmarshal(i.Content, &parts) != nil {
		return textOf(i.Content), false
	}
	for _, part := range parts {
		text += part.Text + part.Refusal
		refused = refused || part.Type == "refusal"
	}
	return text, refused
}

// arguments returns the arguments of a call as they came. Some servers give an object in place
// of its text.
func (i responseItem) arguments() string {
	if text := textOf(i.Arguments); text != "" || isNothing(i.Arguments) {
		return text
	}
	return string(i.Arguments)
}

// isPlainMessage reports whether a message is nothing but text. The ID and the status are of
// no use to a vendor that has kept nothing.
func isPlainMessage(raw json.RawMessage) bool {
	var message fields
	var parts []fields
	if json.Unmarshal(raw, &message) != nil || hasMore(message, "type", "id", "status", "role", "content") || json.Unmarshal(message["content"], &parts) != nil {
		return false
	}
	for _, part := range parts {
		if hasMore(part, "type", "text", "refusal") {
			return false
		}
	}
	return true
}

func isPlainCall(raw json.RawMessage) bool {
	var call fields
	return json.Unmarshal(raw, &call) == nil && !hasMore(call, "type", "id", "status", "call_id", "name", "arguments")
}

// items returns the items as they came. Thoughts that are neither encrypted nor written out
// are left out: the vendor would look for them among what it has kept, which is nothing.
func (r *responsesReader) items(calls []Call) []any {
	items := []any{}
	for _, raw := range r.said.Output {
		var item responseItem
		var all fields
		if json.Unmarshal(raw, &item) != nil || json.Unmarshal(raw, &all) != nil {
			continue // answer has read it
		}
		switch {
		case item.Type == "reasoning" && item.Encrypted == "" && isNothing(item.Content):
			continue
		case item.Type == "function_call":
			call := calls[0]
			calls = calls[1:]
			all["call_id"], all["name"], all["arguments"] = encode(call.ID), encode(call.sendableName()), encode(string(call.sendable()))
			items = append(items, all)
		default:
			items = append(items, raw)
		}
	}
	return items
}
