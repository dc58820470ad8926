package tokens

import (
	"errors"
	"fmt"
)

// ErrRefused is what every error of [Store.Verify] is that denies a token. The caller of the API
// learns no more than that. An error that is none of these says that Redis did not answer.
var ErrRefused = errors.New("the token is not valid: make one with switchyard token make")

// Why a token is denied, for tests and records.
var (
	ErrUnknown = fmt.Errorf("%w: there is none of this text", ErrRefused)
	ErrExpired = fmt.Errorf("%w: it has expired", ErrRefused)
	ErrRevoked = fmt.Errorf("%w: it or its parent is revoked", ErrRefused)
)

// ErrFull is the error of making one more token than there may be.
var ErrFull = errors.New("there are too many tokens")

// ErrExceeds is the error of a child token that would be permitted more than its parent.
var ErrExceeds = errors.New("a child token is permitted no more than its parent")

// FieldError says what is wrong with a field of [New].
type FieldError struct {
	Field   string // as in JSON
	Problem string // the value, and what would be right
}

// Error implements error.
func (e *FieldError) Error() string { return e.Problem }
