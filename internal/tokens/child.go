package tokens

import (
	"context"
	"fmt"
	"time"
)

// Child makes a short-lived token with another one, such as one for the page of a browser, and
// returns its text, which nobody learns again. It is permitted no more than its parent: its
// scopes are among the parent's, and its user is the parent's, if that has one. It ends after a
// day at most, and with its parent. The error is a [*FieldError], or [ErrExceeds], [ErrFull] or
// [ErrExpired], or says that Redis did not answer.
func (s *Store) Child(ctx context.Context, parent Token, n New) (string, Token, error) {
	if n.Name == "" {
		n.Name = parent.Name
	}
	if n.User == "" {
		n.User = parent.User
	}
	if n.Expires < shortest || n.Expires > longestChild {
		return "", Token{}, &FieldError{"expires", fmt.Sprintf("expires is %s: use %s to %s for a child token", n.Expires, shortest, longestChild)}
	}
	if err := n.check(); err != nil {
		return "", Token{}, err
	}
	if err := exceeds(parent, n); err != nil {
		return "", Token{}, err
	}
	now := s.now()
	if parent.stateAt(now) != Active {
		return "", Token{}, refusal(parent.stateAt(now))
	}
	return s.add(ctx, now, n, &parent)
}

// exceeds reports what n is permitted and its parent is not.
func exceeds(parent Token, n New) error {
	switch {
	case parent.Parent != "":
		return fmt.Errorf("%w: %s is a child itself, and makes none: use %s", ErrExceeds, parent.ID, parent.Parent)
	case !parent.Allows(TokensMake, ""):
		return fmt.Errorf("%w: %s lacks the scope %s", ErrExceeds, parent.ID, TokensMake)
	case parent.User != "" && n.User != parent.User:
		return fmt.Errorf("%w: user %.50q is not %q: leave it out", ErrExceeds, n.User, parent.User)
	}
	for _, s := range n.Scopes {
		if !parent.Allows(s.Action, s.Pattern) {
			return fmt.Errorf("%w: %s lacks the scope %s: leave it out", ErrExceeds, parent.ID, s)
		}
	}
	return nil
}

// within returns the earlier of two ends; a parent's that is zero is none.
func within(end, parents time.Time) time.Time {
	if !parents.IsZero() && parents.Before(end) {
		return parents
	}
	return end
}
