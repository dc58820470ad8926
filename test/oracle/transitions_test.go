package oracle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// The policies of the transitions.
var (
	retrying = routing.Patch{Retries: new(3)}
	last     = routing.Patch{Retries: new(0)}
	single   = routing.Patch{Unique: new(time.Minute)}
	kept     = routing.Patch{Retention: new(2 * time.Hour)}
	fleet    = routing.Patch{Retention: new(time.Duration(0))}
)

var errBoom = errors.New("boom")

// fails is a handler that fails with err.
func fails(err error) func(context.Context, *world, *tasks.Task) (any, error) {
	return func(context.Context, *world, *tasks.Task) (any, error) { return nil, err }
}

// holds is a handler that waits until it is released or cut off.
func holds(ctx context.Context, w *world, _ *tasks.Task) (any, error) {
	select {
	case <-w.release:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// adding are the ways in which a task is added.
var adding = []transition{
	{name: "add", run: func(w *world) {
		w.add("", tasks.Options{})
		ids := w.redis.LRange(w.Context(), key("pending"), 0, -1).Val()
		if len(ids) != 1 {
			w.Fatalf("pending: %v", ids)
		}
		w.dumper.names[ids[0]] = "<id>"
	}},
	{name: "add with an ID, twice", run: func(w *world) {
		w.add("a", tasks.Options{})
		w.add("a", tasks.Options{})
	}},
	{name: "add delayed", run: func(w *world) { w.add("a", tasks.Options{At: time.Now().Add(time.Hour)}) }},
	{name: "add delayed, to a time that is over", run: func(w *world) { w.add("a", tasks.Options{At: time.Now().Add(-30 * time.Second)}) }},
	{name: "add unique, twice", policy: single, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.add("b", tasks.Options{})
	}},
	{name: "add unique and delayed", policy: single, run: func(w *world) { w.add("a", tasks.Options{At: time.Now().Add(time.Hour)}) }},
	{name: "add with a deadline and a retention", policy: kept, run: func(w *world) {
		w.add("a", tasks.Options{Deadline: time.Now().Add(time.Hour), Retention: 3 * time.Hour})
	}},
	{name: "add with limits", policy: routing.Patch{HardLimit: new(time.Hour), Retries: new(7)}, run: func(w *world) { w.add("a", tasks.Options{}) }},
	{name: "add what wakes another", run: func(w *world) {
		w.add("a", tasks.Options{Wakes: &tasks.Receipt{Queue: routing.Agents, ID: "other"}})
	}},
	{name: "add to a paused queue", run: func(w *world) {
		w.add("a", tasks.Options{})
		w.must(w.inspector.PauseQueue(routing.Agents))
		w.add("b", tasks.Options{})
	}},
}

// running are what happens to a task that is performed.
var running = []transition{
	{name: "take", ends: holds, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(func() error {
			<-w.running
			w.dump("running")
			close(w.release)
			eventually(w.T, w.patience, w.is("a", "completed"))
			return nil
		})
	}},
	{name: "succeed and be gone", policy: fleet, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", ""))
	}},
	{name: "succeed and be kept", policy: kept, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "completed"))
	}},
	{name: "succeed with a result", policy: kept, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "completed"))
	}, ends: func(context.Context, *world, *tasks.Task) (any, error) { return map[string]int{"n": 1}, nil }},
	{name: "succeed, unique", policy: single, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "completed"))
	}},
	{name: "succeed, unique and not kept", policy: routing.Patch{Unique: new(time.Minute), Retention: new(time.Duration(0))}, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", ""))
	}},
	{name: "succeed, the lock another's by now", policy: single, ends: func(ctx context.Context, w *world, _ *tasks.Task) (any, error) {
		return nil, w.redis.Set(ctx, format.LockKey(routing.Agents, kind, []byte(`{"text":"hello"}`)), "other", time.Minute).Err()
	}, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "completed"))
	}},
	{name: "succeed, several", policy: kept, run: func(w *world) {
		for n := range 5 {
			w.add(fmt.Sprint("task-", n), tasks.Options{})
		}
		w.do(func() error {
			if n := w.redis.ZCard(w.Context(), key("completed")).Val(); n != 5 {
				return fmt.Errorf("%d of 5 completed", n)
			}
			return nil
		})
	}},
	{name: "succeed, the counts at their most", policy: kept, run: func(w *world) {
		w.must(w.redis.Set(w.Context(), key("processed"), math.MaxInt64, 0).Err())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "completed"))
	}},
	{name: "be handed back", ends: holds, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(func() error {
			<-w.running
			w.must(w.inspector.PauseQueue(routing.Agents))
			w.add("behind", tasks.Options{})
			return nil
		})
	}},
}
