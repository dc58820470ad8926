// Package queuetest has what the tests of the queue's client and of its lanes share. It knows
// neither of them: both are tested from inside.
package queuetest

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// Note is the args of every test task, and As its kind.
type Note struct {
	As   string `json:"-"`
	Text string `json:"text"`
	User string `json:"user,omitempty"`
}

// Kind implements [tasks.Args].
func (n Note) Kind() string { return n.As }

// Handlers perform notes, by kind.
type Handlers = map[string]func(context.Context, *tasks.Task, Note) (any, error)

// Nothing is a handler that does nothing.
func Nothing(context.Context, *tasks.Task, Note) (any, error) { return nil, nil }

// Client is what a rig asks of the queue's client.
type Client interface {
	Enqueue(ctx context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error)
	Status(ctx context.Context, queue, id string) (tasks.Status, bool, error)
}

// Rig is a Redis, what tasks are there, and a log that is read. Whoever makes one gives it its
// Client.
type Rig struct {
	T        *testing.T
	Redis    redis.UniversalClient
	Table    *routing.Table
	Catalog  *tasks.Catalog
	Handlers tasks.Handlers
	Log      *zap.Logger
	Logs     *observer.ObservedLogs
	Foreign  *asynq.Client // of another program
	Client   Client
}

// New returns a rig of some queues, with a kind for each handler.
func New(t *testing.T, client redis.UniversalClient, queues []string, policies map[string]routing.Patch, handlers Handlers) *Rig {
	t.Helper()
	var kinds []tasks.Kind
	performed := make(tasks.Handlers, len(handlers))
	for kind, handle := range handlers {
		kinds = append(kinds, tasks.KindOf[Note](kind, 1))
		performed[kind] = tasks.Handle(handle)
	}
	catalog, err := tasks.NewCatalog(0, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	table, err := routing.New(queues, nil, policies)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.DebugLevel)
	return &Rig{T: t, Redis: client, Table: table, Catalog: catalog, Handlers: performed, Log: zap.New(core), Logs: logs, Foreign: asynq.NewClientFromRedisClient(client)}
}

// Start runs lanes until the test ends, and returns how to stop them sooner, with a drain of the
// given length.
func (r *Rig) Start(run func(ctx, drain context.Context)) (stop func(drain time.Duration)) {
	ctx, cancel := context.WithCancel(context.Background())
	drain, release := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx, drain)
	}()
	stopped := false
	stop = func(d time.Duration) {
		if stopped {
			return
		}
		stopped = true
		cancel()
		timer := time.AfterFunc(d, release)
		defer timer.Stop()
		<-done
		release()
	}
	r.T.Cleanup(func() { stop(0) })
	return stop
}

// Enqueue adds a task.
func (r *Rig) Enqueue(args tasks.Args, opts tasks.Options) tasks.Receipt {
	r.T.Helper()
	receipt, err := r.Client.Enqueue(r.T.Context(), args, opts)
	if err != nil {
		r.T.Fatal(err)
	}
	return receipt
}

// Await returns a task's status once it satisfies ok. Nothing signals that a task has moved, so
// this asks again until the test's deadline.
func (r *Rig) Await(queue, id string, ok func(tasks.Status) bool) tasks.Status {
	r.T.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		s, found, err := r.Client.Status(r.T.Context(), queue, id)
		if err != nil {
			r.T.Fatal(err)
		}
		if found && ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			r.T.Fatalf("task %s in %s did not get there: %+v (found %v)", id, queue, s, found)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// InState reports whether a task is in a state, for [Rig.Await].
func InState(state tasks.State) func(tasks.Status) bool {
	return func(s tasks.Status) bool { return s.State == state }
}

// AwaitLog returns once a line with the message and the field's value is logged.
func (r *Rig) AwaitLog(message, field, value string) {
	r.T.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for r.Logs.FilterMessage(message).FilterField(zap.String(field, value)).Len() == 0 {
		if time.Now().After(deadline) {
			r.T.Fatalf("no line %q with %s %s: %v", message, field, value, r.Logs.All())
		}
		time.Sleep(2 * time.Millisecond)
	}
}
