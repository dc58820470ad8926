package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchyard/internal/tasks"
)

// ownHandlers returns the handlers of the kinds that the program brings. They get the means of this
// worker. A kind without a handler is left to other workers.
func (s *System) ownHandlers() tasks.Handlers {
	handlers := make(tasks.Handlers, len(s.own))
	for _, d := range s.own {
		if d.Handle != nil {
			handlers[d.Name] = func(ctx context.Context, t *tasks.Task) (any, error) {
				return d.Handle(tasks.WithMeans(ctx, means{s}), t)
			}
		}
	}
	return handlers
}

// means are what this worker lends.
type means struct{ system *System }

// Enqueue implements [tasks.Enqueuer].
func (m means) Enqueue(ctx context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error) {
	return m.system.Queue.Enqueue(ctx, args, opts)
}

// KeepProgress implements [tasks.Means].
func (m means) KeepProgress(ctx context.Context, t *tasks.Task, progress []byte) error {
	user := tasks.UserOf(t.Payload)
	if tasks.CheckUser(user) != nil {
		user = "" // whatever the field means to this kind, it names nobody who could be told
	}
	return m.system.keepProgress(ctx, t, user, progress)
}

// keepProgress keeps how far an attempt at a task is, and tells the user whom it acts for, if there is
// one.
func (s *System) keepProgress(ctx context.Context, t *tasks.Task, user string, progress []byte) error {
	kept := s.Queue.KeepProgress(ctx, t, progress)
	if user == "" {
		return kept
	}
	event, err := json.Marshal(map[string]any{"task": t.ID, "queue": t.Queue, "progress": json.RawMessage(progress)})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	return errors.Join(kept, s.Events.Tell(ctx, user, "progress", event))
}
