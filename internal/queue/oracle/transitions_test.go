package oracle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

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
	{name: "add delayed, to a time that is over", run: func(w *world) { w.add("a", tasks.Options{At: time.Now().Add(-time.Hour)}) }},
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

// failing are what happens to a task that fails.
var failing = []transition{
	{name: "retry", policy: retrying, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "retry, the counts at their most", policy: retrying, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.must(w.redis.Set(w.Context(), key("processed"), math.MaxInt64, 0).Err())
		w.must(w.redis.Set(w.Context(), key("failed"), 12, 0).Err())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "retry, unique", policy: single, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "park", policy: retrying, ends: fails(tasks.Parked("brake")), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "park for a while", policy: retrying, ends: fails(tasks.ParkedFor(time.Hour, "brake")), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "die by the last retry", policy: last, ends: fails(errBoom), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die at once", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die, unique", policy: single, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die, the counts at their most", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.must(w.redis.Set(w.Context(), key("processed"), math.MaxInt64, 0).Err())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die where the dead letter is full", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		bury(w, 10_000, time.Now())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
		unbury(w)
	}},
	{name: "die where others died long ago", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		bury(w, 5, time.Now().AddDate(0, 0, -91))
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
}

// bury fills the dead letter with tasks that died at about the same time, one a second.
func bury(w *world, n int, at time.Time) {
	w.Helper()
	_, err := w.redis.Pipelined(w.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			id := fmt.Sprint("dead-", i)
			m := format.Message{Kind: kind, ID: id, Queue: routing.Agents, Payload: []byte("{}")}
			p.HSet(w.Context(), key("t:"+id), "msg", m.Encode(), "state", "archived")
			p.ZAdd(w.Context(), key("archived"), redis.Z{Score: float64(at.Unix() - int64(n-i)), Member: id})
		}
		return nil
	})
	w.must(err)
}

// unbury removes those of the dead that no side has a reason to touch, so that the rest is
// quickly compared.
func unbury(w *world) {
	w.Helper()
	_, err := w.redis.Pipelined(w.Context(), func(p redis.Pipeliner) error {
		for i := 10; i < 10_000; i++ {
			id := fmt.Sprint("dead-", i)
			p.Del(w.Context(), key("t:"+id))
			p.ZRem(w.Context(), key("archived"), id)
		}
		return nil
	})
	w.must(err)
}

// waiting are what happens to a task that waits.
var waiting = []transition{
	{name: "be cancelled while it waits", run: func(w *world) {
		w.add("a", tasks.Options{})
		w.must(w.inspector.ArchiveTask(routing.Agents, "a"))
		w.add("b", tasks.Options{})
		w.do(w.is("b", "completed"))
	}},
	{name: "become due", run: func(w *world) {
		w.add("a", tasks.Options{At: time.Now().Add(time.Second)})
		w.add("before", tasks.Options{})
		w.must(w.inspector.PauseQueue(routing.Agents))
		w.do(w.is("a", "pending"))
	}},
	{name: "become due for its retry", policy: retrying, ends: func(_ context.Context, w *world, _ *tasks.Task) (any, error) {
		return nil, errors.Join(tasks.RetryAfter(time.Second, errBoom), w.inspector.PauseQueue(routing.Agents))
	}, run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(func() error {
			if len(w.running) == 0 {
				return errors.New("it has not run")
			}
			return w.is("a", "pending")()
		})
	}},
	{name: "become due for a group", run: func(w *world) {
		w.add("a", tasks.Options{At: time.Now().Add(time.Second)})
		w.must(w.redis.HSet(w.Context(), key("t:a"), "group", "together").Err())
		w.do(w.is("a", "aggregating"))
	}},
	{name: "wait in a group", run: func(w *world) {
		foreign := asynq.NewClientFromRedisClient(w.redis)
		_, err := foreign.Enqueue(asynq.NewTask(kind, []byte("{}")), asynq.Queue(routing.Agents), asynq.TaskID("a"), asynq.Group("together"))
		w.must(err)
		w.add("b", tasks.Options{})
		w.do(w.is("b", "completed"))
	}},
	{name: "be lost", policy: retrying, run: func(w *world) { lose(w, "a") }},
	{name: "be lost, unique", policy: single, run: func(w *world) { lose(w, "a") }},
	{name: "wait in a paused queue", run: func(w *world) {
		w.add("a", tasks.Options{At: time.Now().Add(time.Second)})
		w.add("b", tasks.Options{})
		w.must(w.inspector.PauseQueue(routing.Agents))
		w.do(w.is("a", "pending"))
		w.dump("paused")
		w.must(w.inspector.UnpauseQueue(routing.Agents))
		w.do(func() error { return errors.Join(w.is("a", "completed")(), w.is("b", "completed")()) })
	}},
}

// expiring is what happens to tasks whose retention is over.
var expiring = transition{name: "expire", policy: kept, run: func(w *world) {
	w.patience = 75 * time.Second
	finish(w, 250, time.Now().Add(-time.Second))
	w.add("kept", tasks.Options{})
	w.do(func() error {
		if n := w.redis.ZCard(w.Context(), key("completed")).Val(); n != 1 {
			return fmt.Errorf("%d completed tasks are kept, not 1", n)
		}
		return w.is("kept", "completed")()
	})
}}

// finish adds completed tasks whose retention ends at a time.
func finish(w *world, n int, at time.Time) {
	w.Helper()
	_, err := w.redis.Pipelined(w.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			id := fmt.Sprint("done-", i)
			m := format.Message{Kind: kind, ID: id, Queue: routing.Agents, Payload: []byte("{}"), Retention: 1}
			p.HSet(w.Context(), key("t:"+id), "msg", m.Encode(), "state", "completed")
			p.ZAdd(w.Context(), key("completed"), redis.Z{Score: float64(at.Unix()), Member: id})
		}
		return nil
	})
	w.must(err)
}

// lose leaves a task as a worker does that took it and was killed two minutes ago, and waits
// until it is found. The queue is paused, so that it stays where it is put.
func lose(w *world, id string) {
	w.Helper()
	w.add(id, tasks.Options{})
	w.must(w.inspector.PauseQueue(routing.Agents))
	ctx := w.Context()
	_, err := w.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPopLPush(ctx, key("pending"), key("active"))
		p.HSet(ctx, key("t:"+id), "state", "active")
		p.HDel(ctx, key("t:"+id), "pending_since")
		p.ZAdd(ctx, key("lease"), redis.Z{Score: float64(time.Now().Add(-2 * time.Minute).Unix()), Member: id})
		return nil
	})
	w.must(err)
	w.do(func() error {
		if w.redis.LLen(ctx, key("active")).Val() > 0 {
			return errors.New("it is active still")
		}
		return nil
	})
}
