package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"switchyard/internal/tasks"

	"github.com/hibiken/asynq"
)

// slotsWhileIdle is how many slots pickup and stream have.
const slotsWhileIdle = 10

// consume starts a worker, lets produce add what is not there yet, waits until all of
// the tally's tasks were handled and the queue is empty, and stops the worker. What was
// counted goes into the report, even if it is short: a lost task is a finding and not an
// error. complete tells whether all were handled in time.
func (r *run) consume(ctx context.Context, c contender, slots int, what string, t *tally, produce func(context.Context) error) (complete bool, err error) {
	stop, err := c.start(slots, t.handle)
	if err != nil {
		return false, err
	}
	err = produce(ctx)
	if err == nil {
		t.await(ctx, func(done int) { r.Progress(what, done, len(t.at)) })
		err = interrupted(ctx)
	}
	left, settleErr := r.settle(context.WithoutCancel(ctx), c.queue)
	if err := errors.Join(err, settleErr, stop()); err != nil {
		return false, err
	}
	count := t.count(left)
	count.Phase, count.System = what, c.String()
	r.report.Counts = append(r.report.Counts, count)
	if left > 0 {
		// The next round is not to find what this one left.
		_, err = r.footprint.removeKeys(context.WithoutCancel(ctx))
	}
	return count.Handled == count.Enqueued, err
}

// interrupted returns why ctx ended, unless it only ran into the phase's limit.
func interrupted(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, os.ErrDeadlineExceeded) {
		return cause
	}
	return nil
}

// settle waits for the queue to become empty, a handler returning before asynq has put
// its task away, and returns how many tasks are left when it does not.
func (r *run) settle(ctx context.Context, queue string) (left int, err error) {
	for deadline := time.Now().Add(r.settleFor); ; {
		left, err = r.waiting(queue)
		if err != nil || left == 0 || time.Now().After(deadline) {
			return left, err
		}
		if err := tasks.Sleep(ctx, 20*time.Millisecond); err != nil {
			return left, err
		}
	}
}

// waiting returns how many tasks of queue are not done.
func (r *run) waiting(queue string) (int, error) {
	info, err := r.look(queue)
	if err != nil {
		return 0, err
	}
	return info.Size, nil
}

// look returns what is in queue. A queue that is not there is empty.
func (r *run) look(queue string) (*asynq.QueueInfo, error) {
	queues, err := r.inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	if !slices.Contains(queues, queue) {
		return &asynq.QueueInfo{Queue: queue}, nil
	}
	info, err := r.inspector.GetQueueInfo(queue)
	if err != nil {
		return nil, fmt.Errorf("look at queue %s: %w", queue, err)
	}
	// asynq counts finished tasks in, which have no more to do.
	info.Size -= info.Completed
	return info, nil
}

// inTurn calls measure for both systems in each round, the other one first every time, so
// that neither gets the warmer Redis.
func (r *run) inTurn(rounds int, measure func(c contender, round int) error) error {
	order := slices.Clone(r.contenders)
	for round := range rounds {
		for _, c := range order {
			if err := measure(c, round+1); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
		}
		slices.Reverse(order)
	}
	return nil
}
