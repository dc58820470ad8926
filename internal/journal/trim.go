package journal

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

const (
	// trimEvery is how often it is looked which tasks are over.
	trimEvery = time.Second
	// trimWithin bounds one look.
	trimWithin = 2 * time.Second
	// maxOver bounds the runs whose tasks are looked after: the journals of the oldest of more
	// keep their day.
	maxOver = 10_000
	// giveUpAfter is after how long a task that is still not over is looked after no more. It
	// runs again, elsewhere.
	giveUpAfter = time.Minute
)

// over are runs that have ended here, and whose tasks are not known to be over.
type over struct {
	mu   sync.Mutex
	runs []endedRun
}

// endedRun is one of them.
type endedRun struct {
	Run
	retention time.Duration
	at        time.Time
}

// add adds a run that ends now.
func (o *over) add(r Run, retention time.Duration) {
	o.put([]endedRun{{r, retention, time.Now()}})
}

func (o *over) put(runs []endedRun) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.runs = append(o.runs, runs...)
	o.runs = o.runs[max(0, len(o.runs)-maxOver):]
}

func (o *over) take() []endedRun {
	o.mu.Lock()
	defer o.mu.Unlock()
	runs := o.runs
	o.runs = nil
	return runs
}

// States tells the states of tasks by their queue and ID, "" for one that is gone.
type States interface {
	States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error)
}

// Trim gives the journals of runs that have ended here the time of their results, once their
// tasks are over, until ctx ends and once more after that. One whose worker is lost before
// keeps its day. One goroutine runs it.
func (s *Store) Trim(ctx context.Context, states States) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(trimEvery):
		}
		s.trim(context.WithoutCancel(ctx), states)
	}
}

// trim looks once. What Redis does not answer is asked the next time.
func (s *Store) trim(ctx context.Context, states States) {
	runs := s.over.take()
	if len(runs) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trimWithin)
	defer cancel()
	receipts := make([]tasks.Receipt, len(runs))
	for i, r := range runs {
		receipts[i].Queue, receipts[i].ID, _ = strings.Cut(r.Task, "/")
	}
	now, err := states.States(ctx, receipts)
	if err != nil {
		s.over.put(runs)
		return
	}
	var done, left []endedRun
	for i, r := range runs {
		switch {
		case now[i] == tasks.StateSucceeded || now[i] == "":
			done = append(done, r)
		case now[i].Ended(): // its result could not be kept
			r.retention = keptOpen
			done = append(done, r)
		case time.Since(r.at) < giveUpAfter:
			left = append(left, r)
		}
	}
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, r := range done {
			p.PExpire(ctx, s.key(r.Run), r.retention) // at once if nothing is kept
		}
		return nil
	}); err != nil {
		left = append(left, done...)
	}
	s.over.put(left)
}
