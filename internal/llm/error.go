package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Class says what kind of failure an [Error] is.
type Class string

// The classes.
const (
	RateLimited  Class = "rate_limited" // too many requests, or tokens, for now
	Overloaded   Class = "overloaded"   // the server cannot answer now: any 5xx
	TimedOut     Class = "timeout"      // no answer in time
	Broken       Class = "broken"       // the connection failed, or the answer was cut off
	TooLong      Class = "too_long"     // the conversation does not fit into the model
	Unauthorized Class = "unauthorized" // the key is missing, wrong or used up
	Invalid      Class = "invalid"      // the server does not accept the request
)

// Error is a request that brought no answer.
type Error struct {
	Class  Class
	Status int // of HTTP; 0: none came
	// RetryAfter is what the server asks for; 0: it does not say.
	RetryAfter time.Duration
	Err        error
}

func (e *Error) Error() string { return fmt.Sprintf("model %s: %v", e.Class, e.Err) }

// Unwrap returns the vendor's error.
func (e *Error) Unwrap() error { return e.Err }

// Passes reports whether the same request may succeed later, or at another server.
func (e *Error) Passes() bool {
	switch e.Class {
	case RateLimited, Overloaded, TimedOut, Broken:
		return true
	}
	return false
}

// classOf tells the class of a status, and of an error inside a stream, which has the status
// 0 and only a code. Each server says that a conversation is too long in words of its own.
func classOf(status int, code, message string) Class {
	message = strings.ToLower(message)
	has := func(text string) bool { return strings.Contains(message, text) }
	switch {
	case code == "insufficient_quota", code == "authentication_error", code == "permission_error":
		return Unauthorized
	case status == http.StatusTooManyRequests, code == "rate_limit_error", code == "rate_limit_exceeded":
		return RateLimited
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Unauthorized
	case code == "context_length_exceeded", status == http.StatusRequestEntityTooLarge,
		code == "exceed_context_size_error", has("prompt is too long"), has("context length"), has("context window"), has("context size"), has("maximum context"):
		return TooLong
	case status == http.StatusRequestTimeout:
		return TimedOut
	case status >= 500, code == "overloaded_error", code == "api_error", code == "server_error":
		return Overloaded
	case status == 0:
		return Broken
	}
	return Invalid
}

// failed returns the error of a request that got no complete answer.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout) {
		return context.Cause(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return &Error{Class: TimedOut, Err: err}
	}
	var refused *Error
	if errors.As(err, &refused) {
		return refused
	}
	return &Error{Class: Broken, Err: err}
}

// errTimeout is the cause of a request's context once its time is over.
var errTimeout = errors.New("no answer within the model's timeout")
