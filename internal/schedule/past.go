package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/calendar"
)

// LateAfter is how long an entry may be due before it is late. Schedulers take what is due within a second.
const LateAfter = 10 * time.Second

// Late reports whether the entry is due at a moment for longer than [LateAfter], and its tick not sent: no
// scheduler has taken it, it cannot be sent, or its owner is stopped. One that is paused is never late.
func (r Record) Late(now time.Time) bool {
	due := r.Due()
	return !due.IsZero() && now.Sub(due) > LateAfter
}

// Sent is a tick of an entry that was to be sent, and the name of its task.
type Sent struct {
	At   time.Time
	Task string
}

// lookBack is how far before the last tick others are looked for.
const lookBack = 10 * 366 * 24 * time.Hour

// LastTicks returns up to n of the ticks that were sent, the latest first. The books know the latest alone.
// Those before follow from the entry as it is now, not more than were sent or skipped; of those that were
// skipped or missed there was no task. The error says why they cannot be told; the latest is returned all
// the same.
func (r Record) LastTicks(ctx context.Context, n int) (ticks []Sent, err error) {
	if r.Books.Last.IsZero() || n < 1 {
		return nil, nil
	}
	defer r.Entry.catchPanic(&err)
	ticks = []Sent{{r.Books.Last, r.Books.LastTask}}
	n = int(min(int64(n), r.Books.Runs+r.Books.Skipped)) - 1
	if n < 1 {
		return ticks, nil
	}
	budget := calendar.NewBudget(ctx)
	spec, err := r.Entry.parse(budget)
	if err != nil {
		return ticks, err
	}
	until := r.Books.Last.Add(-time.Second)
	first, err := spec.Next(budget, until.Add(-lookBack))
	if err != nil || first.IsZero() || first.After(until) {
		return ticks, err
	}
	before, err := calendar.Newest(budget, spec, first, until, n)
	if err != nil {
		return ticks, fmt.Errorf("spec %q: %w", r.Entry.Spec, err)
	}
	for _, at := range slices.Backward(before) {
		ticks = append(ticks, Sent{at, tickID(r.Entry.ID, at)})
	}
	return ticks, nil
}

// Untaken returns since when an entry is due and no scheduler has taken it, by Redis's clock. It is the zero
// time if that is not so, or not for longer than [LateAfter].
func (s *Store) Untaken(ctx context.Context, id string) (time.Time, error) {
	var due *redis.FloatCmd
	var now *redis.TimeCmd
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		due, now = p.ZScore(ctx, s.dueKey(shardOf(id)), id), p.Time(ctx)
		return nil
	})
	if errors.Is(due.Err(), redis.Nil) {
		return time.Time{}, nil
	}
	if err := errors.Join(due.Err(), now.Err()); err != nil {
		return time.Time{}, fmt.Errorf("see whether entry %s is overdue: %w", id, err)
	}
	since := time.UnixMilli(int64(due.Val())).UTC()
	if now.Val().Sub(since) <= LateAfter {
		return time.Time{}, nil
	}
	return since, nil
}
