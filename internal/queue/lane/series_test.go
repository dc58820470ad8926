package lane

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// ended is what a lane has told of an attempt.
type ended struct {
	queue        string
	outcome      tasks.Outcome
	waited, took time.Duration
}

// seen keeps what it is told.
type seen struct {
	mu  sync.Mutex
	all []ended
}

// Ended implements [Series].
func (s *seen) Ended(queue string, outcome tasks.Outcome, waited, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, ended{queue, outcome, waited, took})
}

func TestEachAttemptIsCountedOnceWithHowLongItsTaskHasWaited(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		fails := func(context.Context, *tasks.Task, note) (any, error) { return nil, tasks.Permanent(errors.New("no")) }
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retention: new(time.Hour)}}, handlers{"agent_a": nothing, "agent_b": fails})
		counted := &seen{}
		r.deps.Series = counted
		now := client.Time(t.Context()).Val()
		waits := map[string]any{"long": now.Add(-time.Hour).UnixNano(), "odd": "no number", "huge": "1e300", "ahead": now.Add(time.Hour).UnixNano()}
		for id, since := range waits {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id})
			client.HSet(t.Context(), format.TaskKey("agents", id), "pending_since", since)
		}
		client.HSet(t.Context(), format.TaskKey("agents", "long"), "losses", "1") // it comes with more
		r.Enqueue(note{As: "agent_b"}, tasks.Options{ID: "fails"})
		stop := r.start(Options{Queue: "agents", Concurrency: 2})
		for id := range waits {
			r.Await("agents", id, inState(tasks.StateSucceeded))
		}
		r.Await("agents", "fails", inState(tasks.StateFailed))
		stop(time.Minute)
		var unknown, none, hour, dead int
		for _, e := range counted.all {
			switch {
			case e.queue != "agents" || e.took < 0 || e.took > time.Minute:
				t.Errorf("told %+v", e)
			case e.outcome == tasks.OutcomeDead && e.waited >= 0 && e.waited < time.Minute:
				dead++
			case e.outcome != tasks.OutcomeSucceeded:
				t.Errorf("told %+v", e)
			case e.waited < 0:
				unknown++
			case e.waited == 0:
				none++
			case e.waited >= time.Hour && e.waited < time.Hour+time.Minute:
				hour++
			}
		}
		if got := []int{unknown, none, hour, dead}; len(counted.all) != 5 || !slices.Equal(got, []int{2, 1, 1, 1}) {
			t.Errorf("two of unknown wait, one of none, one of an hour and a dead one: %v of %+v", got, counted.all)
		}
	})
}

func TestAGroupTellsTheSlotsAndTheBusyOnesOfEachQueue(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		g := New(r.deps, Options{Queue: "agents", Concurrency: 3, Priorities: map[string]int{"agents": 2, "agents_high": 1}})
		for _, s := range g.lanes[0].sources {
			reply, err := g.lanes[0].step(&trip{source: s, take: 1, sent: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range reply.taken {
				g.lanes[0].leases.add(a)
			}
		}
		loads := g.Loads()
		slices.SortFunc(loads, func(a, b Load) int { return len(a.Queue) - len(b.Queue) })
		if want := []Load{{"agents", "agents", 3, 1}, {"agents_high", "agents", 3, 0}}; !slices.Equal(loads, want) {
			t.Errorf("told %+v, want %+v", loads, want)
		}
	})
}
