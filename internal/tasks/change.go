package tasks

import (
	"strings"
	"time"
)

// Change is what somebody changes about a task that waits. What is zero stays as it is.
type Change struct {
	At       time.Time // it runs then, or at once if that is past
	Deadline time.Time // it must be done by then
}

// String says it in words.
func (c Change) String() string {
	var parts []string
	if !c.At.IsZero() {
		parts = append(parts, "to run at "+c.At.UTC().Format(time.RFC3339))
	}
	if !c.Deadline.IsZero() {
		parts = append(parts, "to be done by "+c.Deadline.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}
