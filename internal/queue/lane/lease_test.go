package lane

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// loseWorker leaves a task as a worker does that took it and was killed: active, its lease
// not renewed for the given time.
func (r *rig) loseWorker(id string, since time.Duration) {
	r.T.Helper()
	if got := r.take(r.lane(Options{Queue: "agents", Concurrency: 1}), 1); len(got) != 1 || got[0].id != id {
		r.T.Fatalf("took %v, want task %s", got, id)
	}
	r.setLease(id, since)
}

func (r *rig) setLease(id string, since time.Duration) {
	r.T.Helper()
	ends := float64(r.Redis.Time(r.T.Context()).Val().Add(leaseTerm - since).Unix())
	if err := r.Redis.ZAdd(r.T.Context(), format.Key("agents", "lease"), redis.Z{Score: ends, Member: id}).Err(); err != nil {
		r.T.Fatal(err)
	}
}

// steady makes a lane believe that it has reached Redis for long.
func steady(l *lane) { l.health.steady = time.Time{} }

func TestATaskWhoseWorkerWasLostRunsAgainWithNoRetrySpent(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		attempts := make(chan int, 1)
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			attempts <- task.Attempt
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "lost"})
		r.loseWorker("lost", lostAfter+time.Second)
		r.startLane(steady, Options{Queue: "agents", Concurrency: 1, Poll: never})
		if n := <-attempts; n != 2 {
			t.Errorf("attempt %d, want 2", n)
		}
		s := r.Await("agents", "lost", inState(tasks.StateSucceeded))
		if s.Retried != 0 || s.LastError != "worker lost: the task's lease was not renewed for 12s" {
			t.Errorf("status %+v", s)
		}
		r.AwaitLog("task rescued: its worker has not renewed the lease", "id", "lost") // counted by then
		if n := testutil.ToFloat64(r.metrics.rescued.WithLabelValues("agents")); n != 1 {
			t.Errorf("%v tasks rescued, want 1", n)
		}
	})
}

func TestATaskIsNotTakenForLostTooSoon(t *testing.T) {
	for name, tc := range map[string]struct {
		since   time.Duration
		prepare func(*lane)
	}{
		"renewed lately":  {lostAfter - 3*time.Second, steady},
		"redis just back": {time.Minute, func(*lane) {}},
		"redis's clock jumped": {time.Minute, func(l *lane) {
			steady(l)
			s := l.sources[0].rescuer
			s.looked, s.last = time.Now(), fmt.Sprint(time.Now().Add(-time.Minute).Unix())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{"agent_a": nothing})
				r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "held"})
				r.loseWorker("held", tc.since)
				lane := r.lane(Options{Queue: "agents", Concurrency: 1})
				tc.prepare(lane)
				if _, err := lane.sources[0].rescuer.look(t.Context()); err != nil || len(r.take(lane, 1)) != 0 {
					t.Errorf("taken for lost, err %v", err)
				}
			})
		})
	}
}

func TestATaskThatKillsItsWorkersEndsInTheDeadLetterAndStartsAfreshByHand(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Losses: new(1)}}, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "poison"})
		r.loseWorker("poison", time.Minute)
		rescuer := r.lane(Options{Queue: "agents", Concurrency: 1})
		steady(rescuer)
		if _, err := rescuer.sources[0].rescuer.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.loseWorker("poison", time.Minute)
		r.startLane(steady, Options{Queue: "agents", Concurrency: 1, Poll: never})
		if s := r.Await("agents", "poison", inState(tasks.StateFailed)); s.LastError != "poison: lost with its worker 2 times, the policy runs it again at most 1 times: see what it does to its worker before you run it again" {
			t.Errorf("reason %q", s.LastError)
		}
		r.runByHand("poison")
		r.Await("agents", "poison", inState(tasks.StateSucceeded))
	})
}

func TestAnActiveTaskWithoutALeaseIsAdopted(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "orphan"})
		r.loseWorker("orphan", 0)
		client.ZRem(t.Context(), format.Key("agents", "lease"), "orphan")
		r.startLane(func(l *lane) {
			steady(l)
			l.sources[0].rescuer.adopted = time.Time{}
		}, Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Await("agents", "orphan", inState(tasks.StateSucceeded))
	})
}

func TestATaskWhoseDataIsGoneIsSaidAndHoldsNothingUp(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "gone"})
		client.Del(t.Context(), format.Key("agents", "t:gone"))
		next := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", next.ID, inState(tasks.StateSucceeded))
		if r.Logs.FilterMessageSnippet("found wrong in redis").Len() != 1 {
			t.Errorf("logs %v", r.Logs.All())
		}
		if n := client.LLen(t.Context(), format.Key("agents", "active")).Val(); n != 0 {
			t.Errorf("%d tasks active, want none", n)
		}
	})
}

func TestALeaseIsRenewedByItsOwnerAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "held"})
		lane := r.lane(Options{Queue: "agents", Concurrency: 1})
		held := r.take(lane, 1)[0]
		before := client.ZScore(t.Context(), format.Key("agents", "lease"), "held").Val()
		// As if time had passed: an end further back, with the owner's mark.
		client.ZIncrBy(t.Context(), format.Key("agents", "lease"), -8, "held")
		for range 2 { // a renewal whose answer was lost is sent again
			if err := lane.renewer.renew(t.Context(), lane.sources[0]); err != nil {
				t.Fatal(err)
			}
		}
		if after := client.ZScore(t.Context(), format.Key("agents", "lease"), "held").Val(); after < before-1 {
			t.Errorf("lease ends at %f, was %f before", after, before)
		}
		if held.ctx.Err() != nil {
			t.Error("its own lease is taken for lost")
		}
		r.setLease("held", 0) // another's
		theirs := client.ZScore(t.Context(), format.Key("agents", "lease"), "held").Val()
		if err := lane.renewer.renew(t.Context(), lane.sources[0]); err != nil {
			t.Fatal(err)
		}
		if cause := context.Cause(held.ctx); !errors.Is(cause, ErrLeaseLost) {
			t.Errorf("stopped by %v", cause)
		}
		if now := client.ZScore(t.Context(), format.Key("agents", "lease"), "held").Val(); now != theirs {
			t.Errorf("another's lease moved from %f to %f", theirs, now)
		}
	})
}

func TestAHandlerIsCancelledWhenAnotherWorkerHasItsTaskAndLeavesItAlone(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		running, causes := make(chan struct{}), make(chan error, 1)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			close(running)
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "stolen"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		<-running
		r.setLease("stolen", 0)
		if cause := <-causes; !errors.Is(cause, ErrLeaseLost) {
			t.Errorf("cause %v", cause)
		}
		r.AwaitLog("task", "outcome", "cut_off")
		if s := r.Await("agents", "stolen", inState(tasks.StateRunning)); s.Retried != 0 || s.LastError != "" {
			t.Errorf("another's task was touched: %+v", s)
		}
	})
}

func TestAnAttemptThatIsStoppedBeforeItBeginsIsNotBegun(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			t.Error("begun")
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		lane := r.lane(Options{Queue: "agents", Concurrency: 1})
		a := r.take(lane, 1)[0]
		a.stop(ErrLeaseLost, cutOffGrace)
		lane.perform(a)
		if ended := lane.sources[0].ended; len(ended) != 1 || ended[0].outcome != tasks.OutcomeCutOff {
			t.Errorf("ended %v, want it cut off", ended)
		}
	})
}

func TestAHandlerCanTellThatItsTaskMayBeAnothersBeforeItIsStopped(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		told := make(chan [2]error, 2)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			told <- [2]error{tasks.Held(ctx), context.Cause(ctx)}
			return nil, nil
		}})
		l := r.lane(Options{Queue: "agents", Concurrency: 2})
		for _, id := range []string{"held", "stopped"} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id})
			a := r.take(l, 1)[0]
			if id == "stopped" { // with its process, and nobody has fenced it yet
				a.renewed = time.Now().Add(-fenceAfter)
			}
			l.perform(a)
			want := [2]error{}
			if id == "stopped" {
				want = [2]error{ErrFenced, ErrFenced}
			}
			if got := <-told; got != want {
				t.Errorf("%s: told %v, want %v", id, got, want)
			}
		}
	})
}

func TestAWorkerThatCannotRenewStopsAndHandsBackOnceItCan(t *testing.T) {
	server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
	client := redistest.Client(t, server.Addr)
	running, causes := make(chan int, 2), make(chan error, 1)
	r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, task *tasks.Task, _ note) (any, error) {
		running <- task.Attempt
		if len(causes) == 0 {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		}
		return nil, nil
	}})
	receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
	r.startLane(func(l *lane) { l.leases.safe = renewEvery + time.Second }, Options{Queue: "agents", Concurrency: 1})
	<-running
	server.Stop()
	r.AwaitLog("task", "outcome", "cut_off")
	if cause := <-causes; !errors.Is(cause, ErrFenced) {
		t.Errorf("cause %v", cause)
	}
	causes <- nil // the second run does not wait
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if n := <-running; n != 1 {
		t.Errorf("attempt %d: a loss was counted, although the task was handed back", n)
	}
	if s := r.Await("agents", receipt.ID, inState(tasks.StateSucceeded)); s.Retried != 0 || s.LastError != "" {
		t.Errorf("status %+v", s)
	}
}
