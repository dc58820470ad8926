package oracle

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// world is one side's Redis while it performs a transition.
type world struct {
	*testing.T
	redis     redis.UniversalClient
	inspector *asynq.Inspector
	side      side
	dumper    *dumper
	dumps     map[string]dump
	running   chan string   // IDs of the tasks whose handler has begun
	release   chan struct{} // closed: those that hold go on
	patience  time.Duration // how long a worker may take
}

// transition is something that happens to tasks. All of Redis is compared when it is over,
// and wherever it asks for it.
type transition struct {
	name   string
	policy routing.Patch
	ends   func(ctx context.Context, w *world, task *tasks.Task) (any, error) // what the handler does; nil: nothing
	run    func(w *world)
}

// perform performs a transition by one side, on an emptied Redis.
func (tr transition) perform(t *testing.T, client redis.UniversalClient, by func(*testing.T, redis.UniversalClient, routing.Patch, handler) side) map[string]dump {
	t.Helper()
	empty(t, client)
	w := &world{
		T: t, redis: client, inspector: asynq.NewInspectorFromRedisClient(client), dumps: make(map[string]dump),
		running: make(chan string, 16), release: make(chan struct{}), patience: 20 * time.Second,
		dumper: &dumper{client: client, began: time.Now(), names: make(map[string]string)},
	}
	w.side = by(t, client, tr.policy, func(ctx context.Context, task *tasks.Task, _ probe) (any, error) {
		w.running <- task.ID
		if tr.ends == nil {
			return nil, nil
		}
		return tr.ends(ctx, w, task)
	})
	tr.run(w)
	w.dump("end")
	return w.dumps
}

func empty(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	err := cache.EachMaster(t.Context(), client, func(ctx context.Context, master redis.UniversalClient) error {
		return master.FlushAll(ctx).Err()
	})
	if err != nil {
		t.Fatalf("empty Redis: %v", err)
	}
}

// dump reads all of Redis now, under a label.
func (w *world) dump(label string) {
	w.Helper()
	w.dumps[label] = w.dumper.read(w.T)
}

// add adds a task.
func (w *world) add(id string, opts tasks.Options) {
	w.Helper()
	opts.ID = id
	w.side.add(w.T, probe{Text: "hello"}, opts)
}

// do performs tasks until done passes. Whatever runs then has been released.
func (w *world) do(done func() error) {
	w.Helper()
	stop := w.side.work(w.T)
	defer stop()
	eventually(w.T, w.patience, done)
}

// is returns a check that a task is in a state, or gone if the state is "".
func (w *world) is(id, state string) func() error {
	return func() error {
		now, err := w.redis.HGet(w.Context(), format.TaskKey(routing.Agents, id), "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if now != state {
			return fmt.Errorf("task %s is %q, not %q", id, now, state)
		}
		return nil
	}
}

// must fails the test with an error.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// key is asynq's key of a part of the queue.
func key(part string) string { return format.Key(routing.Agents, part) }
