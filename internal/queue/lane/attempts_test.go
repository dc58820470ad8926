package lane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// attempts returns the attempts at a task of the agents' queue as number outcome error.
func (r *rig) attempts(id string) (said []string, all []tasks.Attempt) {
	r.T.Helper()
	all, err := r.client.Attempts(r.T.Context(), tasks.Name{Queue: "agents", ID: id})
	if err != nil {
		r.T.Fatal(err)
	}
	for _, a := range all {
		said = append(said, strings.TrimSpace(fmt.Sprint(a.Number, " ", a.Outcome, " ", a.Error)))
	}
	return said, all
}

func TestEachAttemptIsKeptWithItsOutcome(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		calls := 0
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retries: new(5)}}, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			switch calls++; calls {
			case 1:
				return nil, tasks.RetryAfter(0, errors.New("the shop is closed"))
			case 2:
				return nil, tasks.ParkedFor(time.Millisecond, "a nap")
			}
			return "done", nil
		}})
		began := time.Now()
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
		said, all := r.attempts("x")
		if got := strings.Join(said, ", "); got != "1 retried the shop is closed, 2 parked parked: a nap, 2 succeeded" {
			t.Fatalf("attempts: %s", got)
		}
		host, _ := os.Hostname()
		for _, a := range all {
			if a.Began.Before(began.Add(-time.Second)) || a.Ended.Before(a.Began) || a.Worker != fmt.Sprintf("%s:%d", host, os.Getpid()) {
				t.Errorf("%+v", a)
			}
		}
	})
}

func TestWhoHasSentATaskAndWhatItHasSentIsKnown(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var r *rig
		const more = tasks.MaxSent + 3
		r = newRig(t, client, nil, handlers{"scrape_a": nothing, "agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			for i := range more {
				if _, err := r.client.Enqueue(ctx, note{As: "scrape_a"}, tasks.Options{ID: fmt.Sprint("child", i)}); err != nil {
					return nil, err
				}
			}
			_, err := r.client.Enqueue(ctx, note{As: "scrape_a"}, tasks.Options{ID: "child0"}) // there already
			return nil, err
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "parent"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "parent", inState(tasks.StateSucceeded))
		var want []string
		for i := range tasks.MaxSent {
			want = append(want, fmt.Sprint("scraping/child", i))
		}
		if _, all := r.attempts("parent"); len(all) != 1 || !slices.Equal(all[0].Sent, want) {
			t.Errorf("has sent %v", all)
		}
		if s := r.Await("scraping", "child1", inState(tasks.StateWaiting)); s.Headers[format.SenderHeader] != "agents/parent" {
			t.Errorf("headers %v", s.Headers)
		}
		if s := r.Await("agents", "parent", inState(tasks.StateSucceeded)); s.Headers[format.SenderHeader] != "" {
			t.Errorf("what nobody's attempt has sent has the headers %v", s.Headers)
		}
	})
}

func TestNothingIsKeptOfTheAttemptAtATaskOfWhichNothingIsKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retention: new(time.Duration(0))}}, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		for client.Exists(t.Context(), format.TaskKey("agents", "x")).Val() == 1 {
			time.Sleep(time.Millisecond) // nothing signals it
		}
	})
}

func TestOnlyTheLatestAttemptsAreKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const most = 60
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retries: new(most)}}, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			if task.Attempt == most {
				return nil, nil
			}
			return nil, tasks.RetryAfter(0, errors.New(strings.Repeat("long ", 1000)))
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
		_, all := r.attempts("x")
		if len(all) != tasks.MaxAttempts || all[0].Number != most-tasks.MaxAttempts+1 || all[len(all)-1].Number != most || len(all[0].Error) != maxNoted {
			t.Errorf("%d attempts, from %+v", len(all), all[0])
		}
	})
}

func TestAnAttemptWhoseWorkerWasLostIsKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "lost"})
		l := r.lane(Options{Queue: "agents", Concurrency: 1})
		r.take(l, 1)[0].begin()
		if err := l.renewer.renew(t.Context(), l.sources[0]); err != nil {
			t.Fatal(err)
		}
		if said, all := r.attempts("lost"); len(all) != 1 || said[0] != "1" || all[0].Worker != l.worker || !all[0].Ended.IsZero() {
			t.Errorf("while it runs: %+v", all)
		}
		r.setLease("lost", lostAfter+time.Second)
		r.startLane(steady, Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Await("agents", "lost", inState(tasks.StateSucceeded))
		said, all := r.attempts("lost")
		if got := strings.Join(said, ", "); got != "1 lost worker lost: the task's lease was not renewed for 12s, 2 succeeded" || all[0].Worker != l.worker || all[0].Began.IsZero() {
			t.Errorf("%s: %+v", got, all)
		}
	})
}

func TestWhatOthersWroteInPlaceOfAttemptsStopsNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		client.HSet(t.Context(), format.TaskKey("agents", "x"), "attempts", "no JSON\n\t\n\xff\t{\n{\"number\":7}\t{\"worker\":1}\n"+strings.Repeat("\n", 100), "attempt", "\xff\n")
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
		if said, _ := r.attempts("x"); strings.Join(said, ", ") != "1 succeeded" {
			t.Errorf("attempts: %q", said)
		}
	})
}
