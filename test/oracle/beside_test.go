package oracle

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// tally counts who has run what.
type tally struct {
	mu   sync.Mutex
	runs map[string]int // by ID
	by   map[string]int // by side
}

func newTally() *tally { return &tally{runs: make(map[string]int), by: make(map[string]int)} }

func (c *tally) ran(side, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[id]++
	c.by[side]++
}

// of returns how often a task has run.
func (c *tally) of(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs[id]
}

// repeated returns those tasks that ran more than once.
func (c *tally) repeated() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, n := range c.runs {
		if n > 1 {
			ids = append(ids, fmt.Sprintf("%s (%d times)", id, n))
		}
	}
	return ids
}

func (c *tally) count() (tasks int, by map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.runs), map[string]int{"asynq": c.by["asynq"], "ours": c.by["ours"]}
}

func TestAServerOfAsynqsAndALaneOfOursShareAQueue(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const all = 200
		runs, both := newTally(), make(chan struct{})
		begun := map[string]func(){"asynq": sync.OnceFunc(func() { both <- struct{}{} }), "ours": sync.OnceFunc(func() { both <- struct{}{} })}
		perform := func(by, id string) {
			runs.ran(by, id)
			begun[by]() // holds the first of each side until the other has one, too
		}
		// No hard limit, a retention and a lock: each is something of asynq's message.
		r := newRig(t, client, routing.Patch{SoftLimit: new(time.Duration(0)), HardLimit: new(time.Duration(0)), Retention: new(2 * time.Hour), Unique: new(time.Hour)},
			func(_ context.Context, task *tasks.Task, _ probe) (any, error) {
				perform("ours", task.ID)
				return nil, nil
			})
		for n := range all {
			r.add(t, probe{Text: fmt.Sprint("task ", n)}, tasks.Options{ID: fmt.Sprint("task-", n)})
		}
		server := asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency: 2, Queues: map[string]int{routing.Agents: 1}, TaskCheckInterval: 5 * time.Millisecond, LogLevel: asynq.FatalLevel,
		})
		if err := server.Start(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
			id, _ := asynq.GetTaskID(ctx)
			perform("asynq", id)
			return nil
		})); err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		startOurs(t, r, lane.Options{Queue: routing.Agents, Concurrency: 2})
		for range 2 {
			<-both
		}
		eventually(t, 30*time.Second, func() error {
			if n := client.ZCard(t.Context(), format.Key(routing.Agents, "completed")).Val(); n != all {
				return fmt.Errorf("%d of %d are done", n, all)
			}
			return nil
		})
		ran, by := runs.count()
		if again := runs.repeated(); ran != all || len(again) > 0 || by["asynq"] == 0 || by["ours"] == 0 {
			t.Errorf("%d of %d ran, by %v, again %v", ran, all, by, again)
		}
		if locks := client.Exists(t.Context(), format.LockKey(routing.Agents, kind, []byte(`{"text":"task 0"}`))).Val(); locks != 0 {
			t.Error("the lock of a task that is done is kept")
		}
	})
}

func TestATaskOfOursWithoutAHardLimitHasNoneWithAsynqsServer(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, routing.Patch{SoftLimit: new(time.Duration(0)), HardLimit: new(time.Duration(0))},
			func(context.Context, *tasks.Task, probe) (any, error) { return nil, nil })
		r.add(t, probe{}, tasks.Options{ID: "endless"})
		r.add(t, probe{}, tasks.Options{ID: "until", Deadline: time.Now().Add(time.Hour)})
		limits := make(chan time.Duration, 2)
		server := asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency: 1, Queues: map[string]int{routing.Agents: 1}, LogLevel: asynq.FatalLevel,
		})
		if err := server.Start(asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
			deadline, _ := ctx.Deadline()
			limits <- time.Until(deadline)
			return nil
		})); err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		// asynq has no word for no limit: with neither timeout nor deadline it takes half an hour.
		if limit := <-limits; limit < 365*24*time.Hour {
			t.Errorf("a task without a hard limit is ended by asynq after %s", limit)
		}
		if limit := <-limits; limit > time.Hour || limit < 50*time.Minute {
			t.Errorf("a task with a deadline in an hour is ended by asynq after %s", limit)
		}
	})
}
