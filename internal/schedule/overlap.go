package schedule

import (
	"context"
	"time"

	"switchyard/internal/tasks"
)

// Overlap says what becomes of a tick that comes while the task of the one before still
// waits or runs.
type Overlap string

// The overlap policies.
const (
	Allow Overlap = "allow" // it is enqueued as well; the default
	Skip  Overlap = "skip"  // it is dropped
)

// skipOverlapping drops the ticks of entries that do not want two tasks at once and whose
// last one still waits or runs. It holds those of whose last one nobody can tell now.
func (e *Engine) skipOverlapping(ctx context.Context, jobs []*job, now time.Time) error {
	var wary []*job
	var last []tasks.Receipt
	for _, j := range jobs {
		if j.Entry.Overlap == Skip && len(j.ticks) > 0 && j.Books.LastTask != "" {
			wary, last = append(wary, j), append(last, tasks.Receipt{ID: j.Books.LastTask, Queue: j.Books.LastQueue})
		}
	}
	if len(wary) == 0 {
		return nil
	}
	states, err := e.queue.States(ctx, last)
	if err != nil {
		return err
	}
	for i, j := range wary {
		switch {
		case states[i] == tasks.StateUnknown:
			j.hold(now)
		case states[i] != "" && !states[i].Ended():
			j.skipped = len(j.ticks)
			j.ticks = nil
		}
	}
	return nil
}
