package tasks

import "context"

// Means are what a worker lends to the handlers of a program's own kinds, which are made before
// the worker is. They are safe for concurrent use.
type Means interface {
	Enqueuer
	// KeepProgress keeps how far an attempt is, in JSON, and tells the user whom the task acts for.
	KeepProgress(ctx context.Context, t *Task, progress []byte) error
}

type meansKey struct{}

// WithMeans returns a context that lends means.
func WithMeans(ctx context.Context, m Means) context.Context {
	return context.WithValue(ctx, meansKey{}, m)
}

// MeansOf returns the means that ctx lends, nil if it lends none.
func MeansOf(ctx context.Context) Means {
	m, _ := ctx.Value(meansKey{}).(Means)
	return m
}
