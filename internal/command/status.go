package command

import "errors"

// The exit statuses of every command, for scripts to tell apart what became of it.
const (
	Done        = 0 // it has done what it was asked
	Failed      = 1 // it has not, for a reason that has no status of its own
	Wrong       = 2 // the command line, the configuration, an address or a token is wrong: the same again fails again
	NotFound    = 3 // what it names is not there
	Refused     = 4 // it was understood and turned down: nothing was changed, or only a part
	Unavailable = 5 // Redis is away, refuses the login, or takes no writes, or the HTTP API is away: try again later
	TimedOut    = 6 // what it waited for has not come in the time given
)

// statusError is an error with an exit status.
type statusError struct {
	error
	status int
}

// Unwrap returns the error without its status.
func (e statusError) Unwrap() error { return e.error }

// Status returns the status.
func (e statusError) Status() int { return e.status }

// With gives an error an exit status. With of nil is nil.
func With(status int, err error) error {
	if err == nil {
		return nil
	}
	return statusError{err, status}
}

// StatusOf returns the exit status that an error asks for. Of several the one given last holds.
func StatusOf(err error) int {
	var with statusError
	switch {
	case err == nil:
		return Done
	case errors.As(err, &with):
		return with.status
	}
	return Failed
}
