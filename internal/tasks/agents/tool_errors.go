package agents

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// toolError is what a model is told of a call that was refused, or has failed: its outcome is
// known.
type toolError struct{ text string }

func (e *toolError) Error() string { return e.text }

func refuse(format string, args ...any) error { return &toolError{fmt.Sprintf(format, args...)} }

// unsentError is the error of a call that was surely not made: it has reached nobody.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// late is the error of a call that took longer than its limit, which another error has ended.
// What is known of the call stays known.
func late(err error, limit time.Duration) error {
	slow := fmt.Errorf("no result within %s: %w", limit, err)
	switch {
	case errors.As(err, new(*toolError)):
		return err
	case errors.As(err, new(unsentError)):
		return unsentError{slow}
	}
	return doubtError{slow}
}

// tells returns what a model is told of a call's error, and "" if the error says what becomes
// of the task: the run is stopped, or an effect may have happened.
func tells(ctx context.Context, err error, effect bool) string {
	var refused *toolError
	switch {
	case errors.As(err, &refused):
		return refused.text
	case ctx.Err() != nil:
		return ""
	case errors.As(err, new(unsentError)), !effect && errors.As(err, new(doubtError)):
		return err.Error()
	}
	return ""
}
