package tasks

import (
	"errors"
	"fmt"
)

// FieldError is what is wrong with one field of a payload.
type FieldError struct {
	// Field is its name, or the names on the way to it with dots between them.
	Field   string
	problem string
}

// Error implements error.
func (e *FieldError) Error() string { return e.problem }

// Field returns an error about a field of a payload. The text, as of [fmt.Sprintf], names the
// field, its value and what would be right, such as field "limit" is -1: give 0 to 100.
func Field(name, format string, args ...any) error {
	return &FieldError{name, fmt.Sprintf(format, args...)}
}

// FieldOf returns the field that an error is about, "" if it is about none.
func FieldOf(err error) string {
	if f, ok := errors.AsType[*FieldError](err); ok {
		return f.Field
	}
	return ""
}
