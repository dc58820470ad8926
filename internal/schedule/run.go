package schedule

import (
	"context"
	"fmt"

	"switchyard/internal/tasks"
)

// RunNow enqueues an entry's task at once, paused or not, and leaves its schedule and
// books alone. Each call is a task of its own, but for those of one [tasks.WithRequest]. The error is [ErrNotFound] if there is no
// such entry.
func (s *Store) RunNow(ctx context.Context, id string, enqueuer tasks.Enqueuer) (tasks.Receipt, error) {
	record, err := s.Get(ctx, id)
	if err != nil {
		return tasks.Receipt{}, err
	}
	e := record.Entry
	receipt, err := enqueuer.Enqueue(ctx, tasks.Raw{Name: e.Kind, Payload: e.Payload}, tasks.Options{ID: e.ID + "@run-" + tasks.NewID(ctx, e.ID), Queue: e.Queue})
	if err != nil {
		return receipt, fmt.Errorf("run entry %s: %w", id, err)
	}
	return receipt, nil
}
