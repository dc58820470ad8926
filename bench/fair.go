package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"
)

// The workload fair: one user has many tasks, others one each. The worker has the slots and
// the limit that are the defaults of the queue agents.
const (
	fairSingles = 9
	fairSlots   = 4
	fairPerUser = 2
	fairTakes   = 50 * time.Millisecond
	fairRounds  = 10
)

// errand is a system whose worker performs tasks that call the bench's desk.
type errand struct {
	ours  bool
	queue string
	// send adds a task of a user and returns when it was asked for.
	send func(ctx context.Context, user, id string) (time.Time, error)
}

// fair measures how long the single tasks of users wait to begin, in an empty queue and
// behind the crowd of another user's.
func (r *run) fair(ctx context.Context) error {
	var empty, behind both
	for _, ours := range []bool{true, false} {
		e, b, err := r.fairness(ctx, ours)
		if err != nil {
			return fmt.Errorf("%s: %w", systemName(ours), err)
		}
		empty.add(ours, milliseconds(percentile(e, 100)))
		behind.add(ours, milliseconds(percentile(b, 100)))
		if ours {
			r.report.add(Figure{
				ID: "fair.ratio", Label: "the last of 9 users to begin, behind the crowd : in an empty queue", Unit: "x", Better: "lower",
				Ours: once(float64(percentile(b, 100)) / float64(percentile(e, 100))),
			})
		}
	}
	r.report.add(empty.into(Figure{ID: "fair.empty", Label: fmt.Sprintf("%d users with one task each, the last to begin, empty queue", fairSingles), Unit: "ms", Better: "lower"}))
	r.report.add(behind.into(Figure{ID: "fair.behind", Label: fmt.Sprintf("the same behind %d tasks of another user", r.Crowd), Unit: "ms", Better: "lower"}))
	return nil
}

// fairness measures one system. The waits are sorted.
func (r *run) fairness(ctx context.Context, ours bool) (empty, behind []time.Duration, err error) {
	what := "fair, " + systemName(ours)
	ctx, cancel := phase(ctx, what, 5*time.Minute)
	defer cancel()
	var a *agency
	e := errand{ours: ours, queue: asynqQueue}
	if ours {
		e.queue = r.Agents.Queue
		e.send = func(ctx context.Context, user, id string) (time.Time, error) {
			return r.startAgent(ctx, CallAgent, user, id)
		}
		a, err = r.openAgency(ctx, agencyOptions{workers: 1, slots: fairSlots, perUser: fairPerUser})
	} else {
		a, err = r.openPlainAgency(ctx, &e)
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	answering, stop := context.WithCancel(ctx)
	began := make(chan *call, r.Crowd+fairSingles)
	answered := make(chan struct{})
	go func() { defer close(answered); a.desk.answerAll(answering, began) }()
	defer func() { stop(); <-answered }()

	t := fairTally{run: r, errand: e, began: began, calls: map[string]int{}}
	for round := range fairRounds {
		waits, err := t.singles(ctx, fmt.Sprintf("empty-%d", round))
		if err != nil {
			return nil, nil, err
		}
		empty = append(empty, waits)
	}
	for i := range r.Crowd {
		if _, err := t.send(ctx, "bench-crowd", fmt.Sprintf("%s-crowd-%d", systemName(ours), i)); err != nil {
			return nil, nil, err
		}
	}
	rounds := fairRounds
	if !ours {
		rounds = 1 // they wait for the whole crowd
	}
	for round := range rounds {
		waits, err := t.singles(ctx, fmt.Sprintf("behind-%d", round))
		if err != nil {
			return nil, nil, err
		}
		behind = append(behind, waits)
	}
	err = t.finish(ctx, what)
	slices.Sort(empty)
	slices.Sort(behind)
	return empty, behind, err
}

// openPlainAgency starts a worker of plain asynq, and fills in how it gets its tasks.
func (r *run) openPlainAgency(ctx context.Context, e *errand) (*agency, error) {
	a := &agency{}
	var err error
	if a.desk, err = newDesk(); err != nil {
		return a, err
	}
	p, err := r.startWorker(ctx, r.Agents.AsynqWorker(asynqQueue, fairSlots), []string{asynqQueue})
	if err != nil {
		return a, errors.Join(err, a.close())
	}
	a.workers = []*process{p}
	foreign := asynq.NewClientFromRedisClient(r.Redis)
	e.send = func(ctx context.Context, _, id string) (time.Time, error) {
		asked := time.Now()
		_, err := foreign.EnqueueContext(ctx, asynq.NewTask(pageKind, []byte(a.desk.url+taskID+id)), asynq.Queue(asynqQueue), asynq.TaskID(taskID+id))
		return asked, err
	}
	return a, nil
}

// answerAll tells of each call and answers it after [fairTakes], until ctx ends.
func (d *desk) answerAll(ctx context.Context, began chan<- *call) {
	for {
		c, err := d.next(ctx)
		if err != nil {
			return
		}
		time.AfterFunc(fairTakes, func() { close(c.answer) })
		select {
		case began <- c:
		case <-ctx.Done():
			return
		}
	}
}

// fairTally counts the calls of each task.
type fairTally struct {
	errand
	run   *run
	began <-chan *call
	calls map[string]int
	sent  int
}

func (t *fairTally) send(ctx context.Context, user, id string) (time.Time, error) {
	t.sent++
	return t.errand.send(ctx, user, id)
}

// singles sends a task for each of the users at once, and returns how long the last of
// them waited to begin.
func (t *fairTally) singles(ctx context.Context, round string) (last time.Duration, err error) {
	asked := map[string]time.Time{}
	for i := range fairSingles {
		id := fmt.Sprintf("%s-%s-%d", systemName(t.ours), round, i)
		if asked[taskID+id], err = t.send(ctx, fmt.Sprintf("bench-single-%d", i), id); err != nil {
			return 0, err
		}
	}
	for left := fairSingles; left > 0; {
		c, err := t.next(ctx)
		if err != nil {
			return 0, err
		}
		if at, ok := asked[c.task]; ok {
			last = max(last, c.came.Sub(at))
			left--
		}
	}
	return last, nil
}

func (t *fairTally) next(ctx context.Context) (*call, error) {
	select {
	case c := <-t.began:
		t.calls[c.task]++
		t.run.Progress("fair, "+systemName(t.ours), len(t.calls), t.run.Crowd+2*fairRounds*fairSingles)
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// finish waits for what is left of the crowd and counts.
func (t *fairTally) finish(ctx context.Context, what string) error {
	for len(t.calls) < t.sent {
		if _, err := t.next(ctx); err != nil {
			return interrupted(ctx)
		}
	}
	left, err := t.run.settle(ctx, t.queue)
	repeated := 0
	for _, n := range t.calls {
		repeated += n - 1
	}
	t.run.report.Counts = append(t.run.report.Counts, Count{
		Phase: what, System: systemName(t.ours), Enqueued: t.sent, Handled: len(t.calls), Repeated: repeated, Left: left,
	})
	return err
}
