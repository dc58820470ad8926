package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Signature is a task that is still to be sent, or a canvas of them: a group, a chain or a
// chord. What this package does not know of it stays as it was written.
type Signature struct {
	Task   string
	Args   []json.RawMessage
	Kwargs json.RawMessage
	// Options are those of apply_async: task_id, queue, link and others.
	Options Object
	// SubtaskType says which canvas it is, "" for a task.
	SubtaskType string
	// Immutable signatures do not get the result of what they follow.
	Immutable bool
	ChordSize *int
	Extra     Object
}

var signatureFields = []string{"task", "args", "kwargs", "options", "subtask_type", "immutable", "chord_size"}

// DecodeSignature reads a signature. The error names the field that is wrong.
func DecodeSignature(raw []byte) (Signature, error) {
	if err := valid(raw); err != nil {
		return Signature{}, fmt.Errorf("signature %w", err)
	}
	return signature(raw, "signature")
}

func signature(raw json.RawMessage, where string) (Signature, error) {
	object, err := members(raw)
	if err != nil {
		return Signature{}, fmt.Errorf("%s %w", where, err)
	}
	f := fields{where: where + ".", object: object}
	sig := Signature{
		Task: f.text("task"), Args: f.list("args"), Kwargs: f.mapping("kwargs"), SubtaskType: f.text("subtask_type"),
		Immutable: f.flag("immutable"), ChordSize: f.whole("chord_size"), Extra: object.without(signatureFields...),
	}
	if options, err := members(f.mapping("options")); f.err == nil {
		f.fail("options", err)
		sig.Options = options
	}
	if sig.Args == nil {
		sig.Args = []json.RawMessage{}
	}
	if sig.Task == "" {
		f.fail("task", fmt.Errorf("is missing: name the task"))
	}
	return sig, f.err
}

// Encode returns the signature as JSON.
func (s Signature) Encode() []byte { return s.append(nil) }

func (s Signature) append(to []byte) []byte {
	to = append(append(to, `{"task": `...), quote(s.Task)...)
	to = appendList(append(to, `, "args": `...), s.Args)
	to = append(append(to, `, "kwargs": `...), orEmpty(s.Kwargs)...)
	to = appendObject(append(to, `, "options": `...), s.Options)
	to = append(append(to, `, "subtask_type": `...), quoteOrNull(s.SubtaskType)...)
	to = strconv.AppendBool(append(to, `, "immutable": `...), s.Immutable)
	if s.ChordSize != nil {
		to = strconv.AppendInt(append(to, `, "chord_size": `...), int64(*s.ChordSize), 10)
	}
	for _, m := range s.Extra {
		to = append(append(append(append(to, ", "...), quote(m.Name)...), ": "...), m.Value...)
	}
	return append(to, '}')
}
