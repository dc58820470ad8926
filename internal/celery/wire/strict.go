package wire

import (
	"encoding/json"
	"fmt"
)

// Strict says which argument is not exactly what Go's reader would make of it: NaN, an
// infinity, or half of a surrogate pair. The error is a *[Refused] with ValueError. Messages
// that only pass through need not be strict.
func (m Message) Strict() error {
	err := error(nil)
	for i, arg := range m.Args {
		if err == nil {
			err = strict(arg, fmt.Sprintf("args[%d]", i))
		}
	}
	if err == nil {
		err = strict(m.Kwargs, "kwargs")
	}
	if err == nil {
		return nil
	}
	return &Refused{ID: m.ID, Task: m.Task, ReplyTo: m.ReplyTo, IgnoreResult: m.IgnoreResult, Exception: ValueError, Reason: err.Error()}
}

// strict looks for the place at fault only if there is one.
func strict(raw json.RawMessage, where string) error {
	if json.Valid(raw) && !loneSurrogate(raw) {
		return nil
	}
	switch raw[0] {
	case '{':
		object, err := members(raw)
		if err != nil {
			return fmt.Errorf("%s %w", where, err)
		}
		for _, m := range object {
			if err := strict(m.Value, where+"."+m.Name); err != nil {
				return err
			}
		}
	case '[':
		values, err := elements(raw)
		if err != nil {
			return fmt.Errorf("%s %w", where, err)
		}
		for i, value := range values {
			if err := strict(value, fmt.Sprintf("%s[%d]", where, i)); err != nil {
				return err
			}
		}
	case '"':
		return fmt.Errorf("%s has half of a surrogate pair: send Unicode text", where)
	}
	return fmt.Errorf("%s is %s, which JSON has no word for: send null or a text", where, show(raw))
}
