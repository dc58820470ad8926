package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// writeTimeout bounds the write that ends a batch, also when the engine is stopping.
	writeTimeout = 5 * time.Second
	// retryAfter is when an entry is tried again whose task could not be added.
	retryAfter = time.Second
	// enqueueGrace is how long after its claim lapsed a tick may still be enqueued. It may be
	// long, as the queue knows which ticks it has, and has to be: in a cluster the
	// clocks of the entry's master and of the queue's may differ.
	enqueueGrace = 30 * time.Minute
)

// work claims due entries of a shard, enqueues their ticks and writes what became of
// them, until there are no more. The error is the first that another try may mend.
func (e *Engine) work(ctx context.Context, shard int) error {
	for ctx.Err() == nil {
		c, err := e.store.claim(ctx, shard, e.options.Batch, e.options.ClaimLease)
		if err != nil {
			return err
		}
		if len(c.due) == 0 {
			return nil
		}
		edits, failed := e.perform(ctx, c)
		if err := e.write(ctx, shard, edits); err != nil || failed != nil {
			return errors.Join(failed, err)
		}
		e.pulse.beat()
	}
	return nil
}

// write writes what became of a claim, also when the engine is stopping.
func (e *Engine) write(ctx context.Context, shard int, edits []edit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if _, err := e.store.write(ctx, shard, edits...); err != nil {
		return fmt.Errorf("write what became of %d entries: %w", len(edits), err)
	}
	return nil
}

// perform enqueues the due ticks of claimed entries and returns the edits that say so.
// With an error, one that another try may mend, entries without an edit stay claimed
// until their lease is over. An engine that is stopping hands the entries back.
func (e *Engine) perform(ctx context.Context, c claim) ([]edit, error) {
	jobs, edits := e.plan(ctx, c)
	if err := e.hold(ctx, jobs, c.now); err != nil && ctx.Err() == nil {
		return edits, err
	}
	var ticks []tasks.Tick
	if ctx.Err() == nil {
		for _, j := range jobs {
			ticks = append(ticks, j.tasks(c.now)...)
		}
	}
	results := e.queue.EnqueueTicks(ctx, ticks, c.lapses.Add(enqueueGrace))
	if ctx.Err() != nil {
		// Where the tasks were added nevertheless, the others find that out.
		for _, j := range jobs {
			edits = append(edits, j.rewrite(j.Books, j.Due()))
		}
		return edits, nil
	}
	var failed error
	for _, j := range jobs {
		made, err := e.settle(j, results[:len(j.ticks)], c)
		results = results[len(j.ticks):]
		if errors.Is(err, tasks.ErrTooLate) {
			e.options.Logger.Warn("schedule was held up past its claim: the tick is left to others", zap.String("entry", j.id))
			continue
		}
		edits = append(edits, made)
		if failed == nil {
			failed = err
		}
	}
	return edits, failed
}

// settle decides what becomes of an entry whose ticks had these results.
func (e *Engine) settle(j *job, results []tasks.Added, c claim) (edit, error) {
	if !j.until.IsZero() {
		return j.rewrite(j.Books, j.until), nil
	}
	done := Record{j.Entry, j.Books}
	done.Books.Next = j.next
	for range j.skipped {
		done.Books.Skipped++
		e.observe(j.Record, Skipped, j.Books.Next, c)
	}
	for i, result := range results {
		tick, err := j.ticks[i], result.Err
		e.observe(j.Record, outcomeOf(result), tick, c)
		switch {
		case err == nil:
			done.Books.Last, done.Books.LastTask, done.Books.LastQueue, done.Books.LastError = tick, result.Receipt.ID, result.Receipt.Queue, ""
			done.Books.Runs++
		case tasks.IsPermanent(err):
			e.options.Logger.Error("schedule tick refused", zap.String("entry", j.id), zap.Time("tick", tick), zap.Error(err))
			return j.rewrite(done.Books.withError(err), done.Due()), nil // as the ticks after it would be
		case errors.Is(err, tasks.ErrElsewhere):
			return j.rewrite(j.Books.withError(err), j.later(c.now)), nil
		default:
			return j.rewrite(j.Books.withError(err), c.now.Add(retryAfter)), fmt.Errorf("entry %s: %w", j.id, err)
		}
	}
	return j.rewrite(done.Books, done.Due()), nil
}

func outcomeOf(result tasks.Added) Outcome {
	switch {
	case tasks.IsPermanent(result.Err):
		return Refused
	case result.Err != nil:
		return Failed
	case result.Receipt.Duplicate:
		return Duplicate
	}
	return Enqueued
}

// observe tells the observer what became of a tick, if there is one.
func (e *Engine) observe(r Record, outcome Outcome, tick time.Time, c claim) {
	if e.options.Observer != nil {
		lag := c.now.Sub(tick.Add(r.Entry.Shift())) + time.Since(c.claimed)
		e.options.Observer.ObserveTick(r.Entry.Kind, outcome, lag)
	}
}
