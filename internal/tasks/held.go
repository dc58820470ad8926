package tasks

import "context"

type heldKey struct{}

// WithHeld returns a context whose attempt can tell whether its task is surely its own.
func WithHeld(ctx context.Context, check func() error) context.Context {
	return context.WithValue(ctx, heldKey{}, check)
}

// Held reports why the attempt of ctx may not be the task's only one any more, nil if it surely is, or
// if nobody can tell. An attempt whose process was stopped for a while learns of it here before its context
// ends: whoever is about to act for it on the world asks.
func Held(ctx context.Context) error {
	if check, ok := ctx.Value(heldKey{}).(func() error); ok {
		return check()
	}
	return nil
}
