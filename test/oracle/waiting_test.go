package oracle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

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
