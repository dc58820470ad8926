package ticks

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"switchyard/internal/queue"
	"switchyard/internal/tasks"
)

// Queue takes the tasks of the schedule: those of kinds that Celery's workers perform go to Celery, all
// others to our queues. It is safe for concurrent use.
type Queue struct {
	ours   *queue.Client
	celery *Sender // nil: all kinds are performed here
}

// NewQueue returns a queue. celery is nil where Celery performs nothing.
func NewQueue(ours *queue.Client, celery *Sender) *Queue { return &Queue{ours, celery} }

// Check reports why a payload could not be enqueued as a task of kind; queue is "" for that of the kind.
func (q *Queue) Check(kind string, payload []byte, queue string) error {
	if q.celery.performs(kind) {
		return q.celery.checkEntry(kind, payload, queue)
	}
	return q.ours.Check(kind, payload, queue)
}

// Enqueue implements [tasks.Enqueuer] for the tasks of entries that are run by hand.
func (q *Queue) Enqueue(ctx context.Context, args tasks.Args, o tasks.Options) (tasks.Receipt, error) {
	if q.celery.performs(args.Kind()) {
		return q.celery.Enqueue(ctx, args, o)
	}
	return q.ours.Enqueue(ctx, args, o)
}

// EnqueueTicks implements [schedule.Queue]. Neither side waits for the other.
func (q *Queue) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.Added {
	var foreign, own []tasks.Tick
	for _, tick := range ticks {
		if q.celery.performs(tick.Kind) {
			foreign = append(foreign, tick)
		} else {
			own = append(own, tick)
		}
	}
	if len(foreign) == 0 {
		return q.ours.EnqueueTicks(ctx, ticks, until)
	}
	var sent, added []tasks.Added
	var sending sync.WaitGroup
	sending.Go(func() { sent = q.celery.EnqueueTicks(ctx, foreign, until) })
	added = q.ours.EnqueueTicks(ctx, own, until)
	sending.Wait()
	results := make([]tasks.Added, len(ticks))
	for i, tick := range ticks {
		if q.celery.performs(tick.Kind) {
			results[i], sent = sent[0], sent[1:]
		} else {
			results[i], added = added[0], added[1:]
		}
	}
	return results
}

// SweepTicks implements [schedule.Queue].
func (q *Queue) SweepTicks(ctx context.Context, settled func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) (int, error) {
	forgotten, err := q.ours.SweepTicks(ctx, settled)
	if q.celery == nil {
		return forgotten, err
	}
	more, also := q.celery.SweepTicks(ctx, settled)
	return forgotten + more, errors.Join(err, also)
}

// States implements [schedule.Queue].
func (q *Queue) States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	var ids []string
	var own []tasks.Receipt
	for _, r := range receipts {
		if IsCelerys(r.Queue) {
			ids = append(ids, r.ID)
		} else {
			own = append(own, r)
		}
	}
	ours, err := q.ours.States(ctx, own)
	if err != nil || len(ids) == 0 {
		return ours, err
	}
	theirs := make([]tasks.State, len(ids)) // Celery performs nothing any more
	if q.celery != nil {
		theirs = q.celery.states(ctx, ids)
	}
	all := make([]tasks.State, len(receipts))
	for i, r := range receipts {
		if IsCelerys(r.Queue) {
			all[i], theirs = theirs[0], theirs[1:]
		} else {
			all[i], ours = ours[0], ours[1:]
		}
	}
	return all, nil
}

// TaskID returns the ID of a task of the schedule where it is performed: name is that of our queues, and queue
// is a receipt's.
func (q *Queue) TaskID(queue, name string) string {
	if IsCelerys(queue) && q.celery != nil {
		return q.celery.id(name)
	}
	return name
}

// IsCelerys reports whether a receipt's queue is one of Celery.
func IsCelerys(queue string) bool { return strings.HasPrefix(queue, marked) }
