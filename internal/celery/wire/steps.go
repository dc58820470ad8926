package wire

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Steps is what has to be known of a task at its end: who it is, and what follows.
//
// It marshals as a text, not as a value: so it may stand in JSON of Go's though what Python
// wrote in it may not.
type Steps struct {
	ID, Root, Parent, Group string
	GroupIndex              *int
	ReplyTo                 string
	// Priority is that of the messages that follow, unless they have their own. nil, as
	// Celery does unless task_inherit_parent_priority is set, is 0.
	Priority                   *int
	Callbacks, Errbacks, Chain []Signature
	Chord                      *Signature
}

// Steps returns what has to be kept of m until its task has ended.
func (m Message) Steps() Steps {
	return Steps{
		ID: m.ID, Root: m.Root, Parent: m.Parent, Group: m.Group, GroupIndex: m.GroupIndex, ReplyTo: m.ReplyTo,
		Callbacks: m.Callbacks, Errbacks: m.Errbacks, Chain: m.Chain, Chord: m.Chord,
	}
}

// MarshalText writes the steps in JSON of Python's.
func (s Steps) MarshalText() ([]byte, error) {
	to := append([]byte(`{"id": `), quote(s.ID)...)
	to = append(append(to, `, "root": `...), quote(s.Root)...)
	to = append(append(to, `, "parent": `...), quote(s.Parent)...)
	to = append(append(to, `, "group": `...), quote(s.Group)...)
	to = append(append(to, `, "group_index": `...), wholeOrNull(s.GroupIndex)...)
	to = append(append(to, `, "reply_to": `...), quote(s.ReplyTo)...)
	to = append(append(to, `, "priority": `...), wholeOrNull(s.Priority)...)
	to = appendSignatures(append(to, `, "callbacks": `...), s.Callbacks)
	to = appendSignatures(append(to, `, "errbacks": `...), s.Errbacks)
	to = appendSignatures(append(to, `, "chain": `...), s.Chain)
	return append(appendSignature(append(to, `, "chord": `...), s.Chord), '}'), nil
}

// UnmarshalText reads what MarshalText wrote. The error names the field that is wrong.
func (s *Steps) UnmarshalText(text []byte) error {
	raw := json.RawMessage(slices.Clone(text))
	object, err := Members(raw)
	if err != nil {
		return fmt.Errorf("read steps: they %w", err)
	}
	f := fields{object: object}
	*s = Steps{
		ID: f.text("id"), Root: f.text("root"), Parent: f.text("parent"), Group: f.text("group"), GroupIndex: f.whole("group_index"),
		ReplyTo: f.text("reply_to"), Priority: f.whole("priority"),
		Callbacks: f.signatures("callbacks"), Errbacks: f.signatures("errbacks"), Chain: f.signatures("chain"), Chord: f.signature("chord"),
	}
	if f.err != nil {
		return fmt.Errorf("read steps: %w", f.err)
	}
	return nil
}
