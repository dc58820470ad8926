package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// writeTimeout bounds the write that ends a batch, also when the engine is stopping.
const writeTimeout = 5 * time.Second

// work claims due entries of a shard, enqueues their ticks and writes what became of
// them. The error is the first that another try may mend.
func (e *Engine) work(ctx context.Context, shard int) error {
	claimed := time.Now() // before Redis' own now, so that our lease never outlasts its
	b, err := e.store.claim(ctx, shard, e.options.Batch, e.options.ClaimLease)
	if err != nil {
		return err
	}
	var edits []edit
	var failed error
	for _, s := range b.due {
		if time.Since(claimed) >= e.options.ClaimLease {
			break // the rest is anybody's by now
		}
		made, err := e.perform(ctx, s, b, claimed)
		if made.read.id != "" {
			edits = append(edits, made)
		}
		if failed == nil {
			failed = err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if _, err := e.store.write(ctx, shard, edits...); err != nil {
		return errors.Join(failed, fmt.Errorf("write what became of %d entries: %w", len(edits), err))
	}
	return failed
}

// perform enqueues the due ticks of one claimed entry and returns the edit that says so.
// With an error, one that another try may mend, the entry is left claimed until then. An
// engine that is stopping hands the entry back.
func (e *Engine) perform(ctx context.Context, s stored, b batch, claimed time.Time) (edit, error) {
	record, err := s.record()
	if err != nil {
		e.options.Logger.Error("schedule entry mended or set aside", zap.String("entry", s.id), zap.Error(err))
		return mend(s, err, b.now)
	}
	entry, books := record.Entry, record.Books
	if ctx.Err() != nil || books.Paused {
		return s.rewrite(books, books.due()) // due for the others at once, or never
	}
	spec, err := entry.parse()
	if err != nil {
		e.options.Logger.Error("schedule entry set aside", zap.String("entry", s.id), zap.Error(err))
		return s.rewrite(books.withError(err), b.now.Add(quarantine))
	}
	ticks, next := Plan(entry, spec, books.Next, b.now)
	done := books
	done.Next = next
	for _, tick := range ticks {
		receipt, err := e.enqueue(ctx, entry, tick)
		e.observe(entry.Kind, receipt, err, b.now.Sub(tick)+time.Since(claimed))
		switch {
		case err == nil:
			done.Last, done.LastTask, done.LastError = tick, receipt.ID, ""
			done.Runs++
		case ctx.Err() != nil:
			// If the task was added nevertheless, the others find its ID taken.
			return s.rewrite(books, books.due())
		case tasks.IsPermanent(err):
			e.options.Logger.Error("schedule tick refused", zap.String("entry", s.id), zap.Time("tick", tick), zap.Error(err))
			return s.rewrite(done.withError(err), done.due()) // as the ticks after it would be
		default:
			failed := fmt.Errorf("entry %s: %w", s.id, err)
			left, err := s.rewrite(books.withError(err), b.lapses)
			return left, errors.Join(failed, err)
		}
	}
	return s.rewrite(done, done.due())
}

// enqueue adds the task of one tick.
func (e *Engine) enqueue(ctx context.Context, entry Entry, tick time.Time) (tasks.Receipt, error) {
	args := tasks.Raw{Name: entry.Kind, Payload: entry.Payload}
	return e.enqueuer.Enqueue(ctx, args, tasks.Options{ID: tickID(entry.ID, tick), Queue: entry.Queue, Retention: Retention})
}

// observe tells the observer what became of a tick.
func (e *Engine) observe(kind string, receipt tasks.Receipt, err error, lag time.Duration) {
	if e.options.Observer == nil {
		return
	}
	outcome := Enqueued
	switch {
	case tasks.IsPermanent(err):
		outcome = Refused
	case err != nil:
		outcome = Failed
	case receipt.Duplicate:
		outcome = Duplicate
	}
	e.options.Observer.ObserveTick(kind, outcome, lag)
}
