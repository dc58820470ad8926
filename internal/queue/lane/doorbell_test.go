package lane

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestAnyNumberOfQueuesWaitOnOneConnection(t *testing.T) {
	server := redistest.Server(t)
	client, err := cache.Connect(cache.Options{URL: "redis://" + server.Addr, PoolSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	waiting, err := cache.Blocking(client, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = waiting.Close() })
	const n = 44
	held := make(chan struct{})
	r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, args note) (any, error) {
		if args.Text != "hold" {
			return nil, nil
		}
		close(held)
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	r.deps.Waiting = waiting
	options := []Options{{Queue: "agents", Concurrency: 1, Poll: never}}
	for i := range n - 1 {
		options = append(options, Options{Queue: fmt.Sprintf("more-%d", i), Concurrency: 1, Poll: never})
	}
	r.startGroup(options...)
	r.Enqueue(note{As: "agent_a", Text: "hold"}, tasks.Options{ID: "held"})
	<-held
	began := r.lease("held")
	for round := range 2 {
		for _, o := range options[1:] {
			id := fmt.Sprintf("%s-%d", o.Queue, round)
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id, Queue: o.Queue})
		}
		for _, o := range options[1:] {
			r.Await(o.Queue, fmt.Sprintf("%s-%d", o.Queue, round), inState(tasks.StateSucceeded))
		}
	}
	for deadline := time.Now().Add(3 * renewEvery); r.lease("held") <= began; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the lease of the task that runs was not renewed")
		}
	}
	if n := r.Logs.FilterMessageSnippet("redis").Len(); n != 0 {
		t.Errorf("%d lines about Redis: %v", n, r.Logs.All())
	}
}

func TestATokenForALaneWithoutASlotIsLeftToAnotherWorker(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running, release := make(chan string, 2), make(chan struct{})
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			running <- task.ID
			<-release
			return nil, nil
		}})
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "first"})
		<-running
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "second"})
		if id := <-running; id != "second" {
			t.Errorf("%s runs", id)
		}
		close(release)
	})
}
