package llm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Call is a tool that the model wants called. Its arguments should be a JSON object, and are
// what the model wrote, to the byte; see [Call.Object].
type Call struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Object returns the arguments, which have to be exactly one JSON object. No arguments at all
// are an empty one, as models write them for tools that have none. The error says what else
// they are.
func (c Call) Object() (json.RawMessage, error) {
	if isBlank(c.Arguments) {
		return json.RawMessage("{}"), nil
	}
	decoder := json.NewDecoder(strings.NewReader(c.Arguments))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return nil, c.broken(err)
	}
	if kind := kindOf(value); kind != "an object" {
		return nil, fmt.Errorf("they are %s", kind)
	}
	if rest := c.Arguments[decoder.InputOffset():]; !isBlank(rest) {
		return nil, fmt.Errorf("behind the object stands %.60q", strings.TrimSpace(rest))
	}
	return value, nil
}

// broken says what is wrong with arguments that are not JSON.
func (c Call) broken(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("they are cut off after %d bytes", len(c.Arguments))
	case errors.As(err, &syntax):
		return fmt.Errorf("they are not JSON: %w at byte %d", err, syntax.Offset)
	}
	return fmt.Errorf("they are not JSON: %w", err)
}

// sendable returns the arguments as a later request may have them: servers read them, and
// refuse the whole conversation if they cannot.
func (c Call) sendable() json.RawMessage {
	if object, err := c.Object(); err == nil {
		return object
	}
	return encode(object{"malformed": c.Arguments})
}

// outsideNames are the characters that vendors do not take in names and IDs.
var outsideNames = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// maxToolName bounds the name of a tool, in bytes, as the vendors do.
const maxToolName = 64

// sendableName returns the name as a later request may have it, also if it is that of no tool.
func (c Call) sendableName() string {
	name := outsideNames.ReplaceAllString(c.Name, "_")
	return cmp.Or(name[:min(len(name), maxToolName)], "unnamed")
}

// kindOf names what a JSON value is.
func kindOf(value json.RawMessage) string {
	switch bytes.TrimSpace(value)[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

// isBlank reports whether a text has nothing but space.
func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// maxCalls bounds the calls of an answer: more are no work but a fault.
const maxCalls = 1000

// errCalls is the error of an answer with more.
var errCalls = fmt.Errorf("it has more than %d calls", maxCalls)

// identify gives each call an ID that no other of the conversation has: results name the call
// that they belong to, and some servers give no ID, or the same again.
func (r Request) identify(calls []Call) {
	taken := make(map[string]bool)
	for _, turn := range r.Turns {
		if turn.Answer != nil {
			for _, c := range turn.Answer.Calls {
				taken[c.ID] = true
			}
		}
	}
	for i := range calls {
		c := &calls[i]
		if c.ID == "" || taken[c.ID] {
			c.ID = fmt.Sprintf("call-%d-%d", len(r.Turns), i+1)
		}
		for taken[c.ID] {
			c.ID += "-again"
		}
		taken[c.ID] = true
	}
}
