package wire

import (
	"encoding/json"
	"fmt"
)

// Part is what one member of a group returns to the chord that waits for all of them.
type Part struct {
	ID, Group string
	// Index is its place among the results, last if it is not known.
	Index *int
	State string
	// Result is the result in JSON, or the exception.
	Result json.RawMessage
	// Steps are those of the task that returned the part; its Chord follows the last part.
	// Parts that are read do not have them.
	Steps Steps
}

// Encode returns the part as it is stored under [GroupKeys].Parts.
func (p Part) Encode() []byte {
	to := append(append([]byte("[1, "), quote(p.ID)...), ", "...)
	to = append(append(to, quote(p.State)...), ", "...)
	return append(append(to, p.Result...), ']')
}

// DecodePart reads what any member of a group has stored. The error says what is wrong.
func DecodePart(raw []byte) (Part, error) {
	if err := valid(raw); err != nil {
		return Part{}, fmt.Errorf("part of a chord %w", err)
	}
	values, err := elements(raw)
	if err != nil || len(values) != 4 {
		return Part{}, fmt.Errorf("part of a chord is %s: it has to be [1, id, state, result]", show(raw))
	}
	f := fields{where: "part of a chord: ", object: Object{{"id", values[1]}, {"state", values[2]}}}
	p := Part{ID: f.text("id"), State: f.text("state"), Result: values[3]}
	return p, f.err
}
