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
	lent := means{s.Queue, s.keepOwnProgress}
	handlers := make(tasks.Handlers, len(s.own))
	for _, d := range s.own {
		if d.Handle != nil {
			handlers[d.Name] = func(ctx context.Context, t *tasks.Task) (any, error) {
				return d.Handle(tasks.WithMeans(ctx, lent), t)
			}
		}
	}
	return handlers
}

// means are what this worker lends. They hold no [System]: as an interface's value, it would have the
// linker keep all its methods, and with them the monitor in every worker.
type means struct {
	tasks.Enqueuer
	keep func(ctx context.Context, t *tasks.Task, progress []byte) error
}

// KeepProgress implements [tasks.Means].
func (m means) KeepProgress(ctx context.Context, t *tasks.Task, progress []byte) error {
	return m.keep(ctx, t, progress)
}

// keepOwnProgress keeps the progress of a task of one of the program's own kinds.
func (s *System) keepOwnProgress(ctx context.Context, t *tasks.Task, progress []byte) error {
	user := tasks.UserOf(t.Payload)
	if tasks.CheckUser(user) != nil {
		user = "" // whatever the field means to this kind, it names nobody who could be told
	}
	return s.keepProgress(ctx, t, user, progress)
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
