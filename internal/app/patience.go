package app

import (
	"context"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

// withPatience gives handlers a Redis that is never away, only slow, as long as their context
// lasts: a page that was fetched is not fetched again because it could not be stored at once.
func withPatience(definitions []tasks.Definition) []tasks.Definition {
	patient := make([]tasks.Definition, len(definitions))
	for i, d := range definitions {
		handle := d.Handle
		d.Handle = func(ctx context.Context, t *tasks.Task) (any, error) { return handle(cache.WithPatience(ctx), t) }
		patient[i] = d
	}
	return patient
}
