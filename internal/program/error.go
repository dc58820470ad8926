package program

import (
	"errors"
	"syscall"
)

// StartError says why a program could not be executed.
type StartError struct {
	Op  string // what failed; "": Err says it
	Err error  // nil: Op says it all
}

func (e *StartError) Error() string {
	switch {
	case e.Err == nil:
		return "start: " + e.Op
	case e.Op == "":
		return "start: " + e.Err.Error()
	}
	return "start: " + e.Op + ": " + e.Err.Error()
}

// Unwrap returns the system's error.
func (e *StartError) Unwrap() error { return e.Err }

// Passes reports whether the same start may succeed later: what was short was the machine's.
func (e *StartError) Passes() bool {
	for _, short := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.EIO} {
		if errors.Is(e.Err, short) {
			return true
		}
	}
	return false
}

// ExitError says that a program did not end well.
type ExitError struct {
	State string // such as "exit status 1" or "signal: killed"
}

func (e *ExitError) Error() string { return e.State }
