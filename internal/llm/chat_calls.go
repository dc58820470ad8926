package llm

import (
	"encoding/json"
	"fmt"
	"strings"
)

// chatCalls puts the calls of an answer together from their pieces. Servers differ in what a
// piece says of the call that it belongs to: an index that may be missing or the same for all,
// an ID with the first piece, with each or never, a name once, in pieces, or again and again.
type chatCalls struct {
	known map[string]bool // names of tools
	all   []*chatCall
	at    map[int]*chatCall // the latest of an index
}

// chatCall is a call of which pieces have come.
type chatCall struct {
	index     int
	id, name  string
	arguments strings.Builder
	more      pieces // all other fields
}

// chatPiece is what is known of a piece.
type chatPiece struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// arguments returns the piece of the arguments. Some servers give an object in place of its
// text.
func (p chatPiece) arguments() string {
	text := textOf(p.Function.Arguments)
	if text == "" && !isNothing(p.Function.Arguments) {
		return string(p.Function.Arguments)
	}
	return text
}

// take takes a list of pieces.
func (c *chatCalls) take(list json.RawMessage) error {
	var raw []json.RawMessage
	if isNothing(list) {
		return nil
	}
	if err := json.Unmarshal(list, &raw); err != nil {
		return fmt.Errorf("tool_calls: %w", err)
	}
	for i, text := range raw {
		var piece chatPiece
		var all fields
		if err := json.Unmarshal(text, &piece); err != nil {
			return fmt.Errorf("tool_calls: %w", err)
		}
		if err := json.Unmarshal(text, &all); err != nil {
			return fmt.Errorf("tool_calls: %w", err)
		}
		call, err := c.find(piece, i > 0)
		if err != nil {
			return err
		}
		call.add(piece, c.known)
		call.addMore(all)
	}
	return nil
}

// find returns the call that a piece belongs to. follows says that another piece stands before
// it in the same event: each piece of an event is of a call of its own.
func (c *chatCalls) find(p chatPiece, follows bool) (*chatCall, error) {
	var latest *chatCall
	if p.Index != nil {
		latest = c.at[*p.Index]
	} else if len(c.all) > 0 {
		latest = c.all[len(c.all)-1]
	}
	switch {
	case latest != nil && p.Index != nil && p.ID != "" && latest.id != p.ID && c.has(p) != nil:
		return c.has(p), nil
	case latest == nil || latest.isOther(p) || p.Index == nil && follows && p.Function.Name != "":
		if len(c.all) == maxCalls {
			return nil, &Error{Class: Broken, Err: errCalls}
		}
		latest = &chatCall{}
		c.all = append(c.all, latest)
	}
	if p.Index != nil {
		latest.index = *p.Index
		if c.at == nil {
			c.at = make(map[int]*chatCall)
		}
		c.at[*p.Index] = latest
	}
	return latest, nil
}

// has returns the call of a piece's index and ID, nil if none of its pieces has come.
func (c *chatCalls) has(p chatPiece) *chatCall {
	for _, call := range c.all {
		if call.id == p.ID && call.index == *p.Index {
			return call
		}
	}
	return nil
}

// isOther reports whether a piece belongs to another call: it has another ID, or gives a name
// and arguments where those of this one are complete.
func (c *chatCall) isOther(p chatPiece) bool {
	if p.ID != "" && c.id != "" && p.ID != c.id {
		return true
	}
	if p.Function.Name == "" || isBlank(p.arguments()) {
		return false
	}
	so := strings.TrimSpace(c.arguments.String())
	return strings.HasSuffix(so, "}") && json.Valid([]byte(so))
}

// add adds a piece. A name that comes again is no piece of it.
func (c *chatCall) add(p chatPiece, known map[string]bool) {
	if p.ID != "" {
		c.id = p.ID
	}
	if name := p.Function.Name; name != c.name || c.arguments.Len() == 0 && !known[name] {
		c.name += name
	}
	c.arguments.WriteString(p.arguments())
}

// addMore keeps what is not known of a piece.
func (c *chatCall) addMore(piece fields) {
	for name, value := range piece {
		var function fields
		switch {
		case name == "index" || name == "id" || isNothing(value):
		case name != "function":
			c.more.field(name).join(value, fixed[name], 1)
		case json.Unmarshal(value, &function) == nil:
			delete(function, "name")
			delete(function, "arguments")
			for part, v := range function {
				c.more.field(name).field(part).join(v, fixed[part], 2)
			}
		}
	}
}

// read returns the calls.
func (c *chatCalls) read() []Call {
	var calls []Call
	for _, call := range c.all {
		calls = append(calls, Call{ID: call.id, Name: call.name, Arguments: call.arguments.String()})
	}
	return calls
}

// haveMore reports whether a call has more than what a [Call] holds.
func (c *chatCalls) haveMore() bool {
	for _, call := range c.all {
		if hasMore(call.more.values(), "type") {
			return true
		}
	}
	return false
}

// originals returns the calls with all their fields.
func (c *chatCalls) originals(calls []Call) []object {
	var all []object
	for i, call := range calls {
		more := c.all[i].more.values()
		o, function := object{"type": "function"}, object{"name": call.sendableName(), "arguments": string(call.sendable())}
		for name, value := range more {
			if name != "function" {
				o[name] = value
			}
		}
		var inner fields
		if json.Unmarshal(more["function"], &inner) == nil {
			for name, value := range inner {
				function[name] = value
			}
		}
		o["id"], o["function"] = call.ID, function
		all = append(all, o)
	}
	return all
}
