package faults

import (
	"context"
	"math/rand/v2"
	"time"

	"switchyard/internal/tasks"
)

// kinds has one kind of errand for each queue.
var kinds = []string{"agent_errand", "briefing_errand", "scrape_errand", "errand"}

// errand is the args of every task here: it takes a while, and that is all.
type errand struct {
	kind  string
	User  string        `json:"user,omitempty"` // that of an agent's errand may have to wait for a turn
	Takes time.Duration `json:"takes"`
	Deaf  bool          `json:"deaf,omitempty"` // ignores its cancellation
}

func (e errand) Kind() string { return e.kind }

// drawErrand draws the errand of a task. Most are short, some long enough that a kill
// finds them at work.
func drawErrand(random *rand.Rand) errand {
	e := errand{kind: kinds[random.IntN(len(kinds))], Takes: drawUpTo(random, 20*time.Millisecond)}
	switch p := random.Float64(); {
	case p < 0.002:
		e.Takes = drawUpTo(random, 3*time.Second)
	case p < 0.03:
		e.Takes = drawUpTo(random, 500*time.Millisecond)
	}
	return e
}

func drawUpTo(random *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(most)))
}

// run is the handler: it records its begin, does its errand and records its end.
func (r recorder) run(ctx context.Context, t *tasks.Task, e errand) (any, error) {
	attempt := r.begin(t.ID)
	defer attempt.close()
	cancelled := ctx.Done()
	if e.Deaf {
		cancelled = nil
	}
	select {
	case <-time.After(e.Takes):
		attempt.end()
		return attempt.number, nil
	case <-cancelled:
		attempt.cut(context.Cause(ctx))
		return nil, ctx.Err()
	}
}
