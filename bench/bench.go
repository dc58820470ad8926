// Package bench measures Switchyard beside plain asynq on one Redis: the same tasks, the
// same handler, as many slots, one after the other.
//
// Each workload is written once, against what both systems can do, so that neither is
// measured in a way the other is not. Every task is counted: a figure from a run that
// lost a task, ran one twice or left one behind is worth nothing, and [Report.Err] says so.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/hibiken/asynq"
)

// The queues of the workloads that need no real worker.
const (
	oursQueue  = "bench"
	asynqQueue = "bench-asynq"
)

// Prefix starts the keys that the worker processes write beside asynq's. Everything under
// it is removed at the end.
const Prefix = "switchyard-bench:"

// run is one run of the bench.
type run struct {
	Options
	inspector  *asynq.Inspector
	contenders []contender
	sent       *sent
	footprint  *footprint
	report     Report

	settleFor time.Duration                 // how long a queue gets to become empty
	limit     func(tasks int) time.Duration // of one phase of so many tasks
}

// workload is one thing that is measured.
type workload struct {
	name    string
	measure func(*run, context.Context) error
}

// workloads are all there are, in the order in which they run.
var workloads = []workload{
	{Pickup, (*run).pickup},
	{Drain, (*run).drain},
	{Stream, (*run).stream},
	{Add, (*run).add},
	{Loss, (*run).loss},
	{Memory, (*run).memory},
	{Schedule, (*run).timetable},
	{Brake, (*run).brake},
	{Fair, (*run).fair},
	{Models, (*run).model},
}

// Run measures what o asks for. It touches nothing on a Redis whose queues are in use,
// and removes what it wrote, also when ctx ends early. The report is complete only if
// the error is nil; whether its counts are right says [Report.Err].
func Run(ctx context.Context, o Options) (Report, error) {
	r, err := newRun(o)
	if err != nil {
		return Report{}, err
	}
	return r.do(ctx)
}

func newRun(o Options) (*run, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	ours, err := newOurs(o)
	if err != nil {
		return nil, err
	}
	counter := new(sent)
	o.Redis.AddHook(counter)
	return &run{
		Options:    o,
		sent:       counter,
		inspector:  asynq.NewInspectorFromRedisClient(o.Redis),
		contenders: []contender{{ours, true, oursQueue}, {newPlain(o.Redis), false, asynqQueue}},
		settleFor:  10 * time.Second,
		limit:      func(tasks int) time.Duration { return time.Minute + time.Duration(tasks)*2*time.Millisecond },
	}, nil
}

// do runs the workloads asked for, between looking at Redis and cleaning up.
func (r *run) do(ctx context.Context) (_ Report, err error) {
	r.report = Report{Version: 1, Started: time.Now().UTC(), Settings: r.settings(), Machine: Machine{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Redis: redisVersion(ctx, r.Redis),
	}}
	queues := r.queues()
	if err := r.refuseIfUsed(queues); err != nil {
		return r.report, err
	}
	if r.footprint, err = newFootprint(ctx, r.Redis, queues); err != nil {
		return r.report, err
	}
	defer func() {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, r.footprint.remove(cleaning))
	}()
	for _, w := range workloads {
		if !slices.Contains(r.Workloads, w.name) {
			continue
		}
		if err := w.measure(r, ctx); err != nil {
			return r.report, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return r.report, nil
}

// queues returns every queue the workloads asked for touch, each once.
func (r *run) queues() []string {
	var queues []string
	for _, w := range r.Workloads {
		switch w {
		case Loss:
			queues = append(append(queues, r.PageQueue), asynqQueues([]string{r.PageQueue})...)
		case Memory:
			queues = append(append(queues, r.Queues...), asynqQueues(r.Queues)...)
		case Schedule:
			queues = append(queues, r.Timetable.EntryQueue, r.Timetable.UserQueue, asynqQueue)
		case Brake, Models:
			queues = append(queues, r.Agents.Queue)
		case Fair:
			queues = append(queues, r.Agents.Queue, asynqQueue)
		default:
			queues = append(queues, oursQueue, asynqQueue)
		}
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

// phase returns a context that ends at a phase's limit, with a cause that says so.
func phase(ctx context.Context, what string, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s was not done within %s: %w", what, limit, os.ErrDeadlineExceeded))
}

// because returns why ctx ended instead of an error that only says that it did.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
