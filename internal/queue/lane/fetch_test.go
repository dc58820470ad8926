package lane

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestADelayedTaskIsTakenAtItsTimeWithNoPollAndNeverBefore(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		began := make(chan time.Time, 1)
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			began <- time.Now()
			return nil, nil
		}})
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		for _, delay := range []time.Duration{700 * time.Millisecond, 1300 * time.Millisecond} {
			due := time.Now().Add(delay)
			receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{At: due})
			// asynq reads whole seconds.
			if s := r.Await("agents", receipt.ID, inState(tasks.StateScheduled)); !s.NextRun.Equal(due.Truncate(time.Second)) {
				t.Errorf("next run %s, want %s", s.NextRun, due)
			}
			if at := <-began; at.Before(due.Truncate(time.Millisecond)) {
				t.Errorf("begun %s early", due.Sub(at))
			}
		}
	})
}

func TestARetryIsTakenAtItsTimeWithNoPollAndNeverBefore(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const delay = 700 * time.Millisecond
		began := make(chan time.Time, 2)
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			began <- time.Now()
			if task.Attempt == 1 {
				return nil, tasks.RetryAfter(delay, errors.New("not yet"))
			}
			return nil, nil
		}})
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		first, second := <-began, <-began
		if waited := second.Sub(first); waited < delay-time.Millisecond {
			t.Errorf("retried after %s, want %s", waited, delay)
		}
		r.Await("agents", receipt.ID, inState(tasks.StateSucceeded))
	})
}

func TestALaneWithSiblingsIsWokenForEachOfThem(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(Options{Queue: "agents", Concurrency: 1, Priorities: map[string]int{"agents": 1, "agents_high": 6}, Poll: never})
		for range 3 {
			for _, queue := range []string{"agents", "agents_high"} {
				receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{Queue: queue})
				r.Await(queue, receipt.ID, inState(tasks.StateSucceeded))
			}
		}
	})
}

// taken is what a queue's keys hold once its only task, "x", is taken.
func taken(t *testing.T, client redis.UniversalClient) map[string]string {
	t.Helper()
	ctx := t.Context()
	state := client.HGetAll(ctx, format.Key("agents", "t:x")).Val()
	state["pending"] = strconv.FormatInt(client.LLen(ctx, format.Key("agents", "pending")).Val(), 10)
	state["active"] = client.LIndex(ctx, format.Key("agents", "active"), 0).Val()
	lease := client.ZScore(ctx, format.Key("agents", "lease"), "x").Val()
	state["lease"] = strconv.FormatBool(lease > float64(time.Now().Unix())+20)
	return state
}

func TestATakenTaskIsLeftAsAsynqLeavesIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		in := []asynq.Option{asynq.Queue("agents"), asynq.TaskID("x"), asynq.Retention(0)}
		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", nil), in...); err != nil {
			t.Fatal(err)
		}
		running, release := make(chan struct{}), make(chan struct{})
		server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: map[string]int{"agents": 1}, LogLevel: asynq.FatalLevel})
		if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			close(running)
			<-release
			return nil
		})); err != nil {
			t.Fatal(err)
		}
		<-running
		want := taken(t, client)
		close(release)
		server.Shutdown()

		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", nil), in...); err != nil {
			t.Fatal(err)
		}
		r.take(r.lane(Options{Queue: "agents", Concurrency: 1}), 1)
		got := taken(t, client)
		if got["run"] == "" {
			t.Error("the run has no name")
		}
		delete(got, "run")
		if !maps.Equal(got, want) {
			t.Errorf("left %q, asynq leaves %q", got, want)
		}
	})
}

func TestATripAsksForNoMoreThanThereAreFetchersAndFreeSlots(t *testing.T) {
	r := newRig(t, redistest.Client(t, redistest.Mini(t).Addr()), nil, handlers{"agent_a": nothing})
	lane := r.lane(Options{Queue: "agents", Concurrency: 5, Fetchers: 3})
	ending := func() *ending { return &ending{attempt: &attempt{source: lane.sources[0]}} }
	for i, tc := range []struct{ ends, want int }{{0, 3}, {0, 2}, {0, 0}, {2, 2}, {4, 3}} {
		for range tc.ends {
			lane.exchange.end(ending())
		}
		lane.exchange.mu.Lock()
		trip := lane.exchange.board(lane.sources[0])
		lane.exchange.mu.Unlock()
		if trip.take != tc.want || len(trip.ends) != tc.ends {
			t.Errorf("trip %d ends %d and asks for %d, want %d and %d", i, len(trip.ends), trip.take, tc.ends, tc.want)
		}
	}
}

func TestEndingsAreWrittenTogetherInAStreamAndAtOnceOtherwise(t *testing.T) {
	for name, tc := range map[string]struct {
		row, free, ends int
		full, waits     bool
	}{
		"a stream":                      {row: 3, free: 4, ends: 1, waits: true},
		"one task after another":        {row: 2, free: 4, ends: 1},
		"a stream for which slots lack": {row: 3, free: 0, ends: 2},
		"a worker that stops":           {row: 3, free: 4, ends: 1, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, redistest.Client(t, redistest.Mini(t).Addr()), nil, handlers{"agent_a": nothing})
			x := r.lane(Options{Queue: "agents", Concurrency: 5}).exchange
			s := x.lane.sources[0]
			s.looked, s.row, x.free, x.full = s.rung, tc.row, tc.free, tc.full
			for range tc.ends {
				s.ended = append(s.ended, &ending{attempt: &attempt{source: s}})
			}
			s.warming = true // until the next look, which ends what waits
			if waits := x.choose() == nil; waits != tc.waits {
				t.Errorf("waits %v, want %v", waits, tc.waits)
			}
			s.warming = false
			if x.choose() != s {
				t.Error("what waited is not written at the next look")
			}
		})
	}
}

func TestLittleWaitsForTheTripThatIsUnderWay(t *testing.T) {
	for name, tc := range map[string]struct {
		trips, free, ends int
		rung, full, waits bool
	}{
		"an ending alone":                   {trips: 1, ends: 4, waits: true},
		"as many as half of the slots":      {trips: 1, ends: 5},
		"few free slots and endings":        {trips: 1, free: 2, ends: 2, rung: true, waits: true},
		"as many free as half of them":      {trips: 1, free: 3, ends: 2, rung: true},
		"free slots for which is no task":   {trips: 1, free: 9, ends: 1, waits: true},
		"an ending, with no trip under way": {ends: 1},
		"a worker that stops":               {trips: 1, ends: 1, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, redistest.Client(t, redistest.Mini(t).Addr()), nil, handlers{"agent_a": nothing})
			x := r.lane(Options{Queue: "agents", Concurrency: 10}).exchange
			s := x.lane.sources[0]
			s.trips, x.free, x.full = tc.trips, tc.free, tc.full
			if !tc.rung {
				s.looked = s.rung
			}
			for range tc.ends {
				s.ended = append(s.ended, &ending{attempt: &attempt{source: s}})
			}
			if waits := x.choose() == nil; waits != tc.waits {
				t.Errorf("waits %v, want %v", waits, tc.waits)
			}
			s.trips = 0
			if x.choose() != s {
				t.Error("what waited does not go once that is back")
			}
		})
	}
}

func TestTasksTakenByAWorkerThatStopsGoBackToTheFront(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for _, id := range []string{"first", "second", "third"} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id})
		}
		lane := r.lane(Options{Queue: "agents", Concurrency: 2, Fetchers: 2})
		x := lane.exchange
		x.mu.Lock()
		taking := x.board(lane.sources[0])
		x.mu.Unlock()
		taking.sent = time.Now()
		reply, err := lane.step(taking)
		if err != nil || len(reply.taken) != 2 {
			t.Fatal(reply, err)
		}
		client.Del(t.Context(), format.WakeKey("agents"))
		x.takeNoMore() // while the answer is under way
		x.arrived(taking, reply)
		back := x.next()
		if reply, err = lane.step(back); err != nil {
			t.Fatal(err)
		}
		x.arrived(back, reply)
		for _, id := range []string{"first", "second"} {
			if s := r.Await("agents", id, inState(tasks.StateWaiting)); s.Retried != 0 {
				t.Errorf("%s: %+v", id, s)
			}
		}
		if next := client.LIndex(t.Context(), format.Key("agents", "pending"), -1).Val(); next == "third" {
			t.Error("what was handed back is behind what has not been taken yet")
		}
		if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != 2 {
			t.Errorf("%d tokens left for other workers, want 2", n)
		}
		if len(lane.leases.held) != 0 || client.ZCard(t.Context(), format.Key("agents", "lease")).Val() != 0 {
			t.Error("a lease is left")
		}
	})
}

func TestAStoppingWorkerLeavesItsTokenToAnother(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		lane := r.lane(Options{Queue: "agents", Concurrency: 1})
		s := lane.sources[0]
		s.rope.listen(s)
		lane.exchange.takeNoMore()
		s.rope.rung(t.Context(), format.WakeKey("agents"))
		if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != 1 {
			t.Errorf("%d tokens, want 1", n)
		}
	})
}

func TestAnIdleWorkerOfFourQueuesSendsAtMostThreeCommandsASecond(t *testing.T) {
	client := redistest.Client(t, redistest.Server(t).Addr)
	r := newRig(t, client, nil, handlers{"agent_a": nothing})
	var options []Options
	for _, queue := range []string{"agents", "briefings", "scraping", "default"} {
		options = append(options, Options{Queue: queue, Concurrency: 64, Fetchers: 32, Poll: time.Second})
	}
	r.startGroup(options...)
	done := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
	r.Await("agents", done.ID, inState(tasks.StateSucceeded))
	time.Sleep(time.Second) // until it idles
	client.ConfigResetStat(t.Context())
	const span = 3 * tendAfter
	time.Sleep(span)
	// Redis counts what scripts call, too. One report more may fall into the span.
	n, err := strconv.Atoi(client.InfoMap(t.Context(), "stats").Item("Stats", "total_commands_processed"))
	if most := int(3*span.Seconds()) + 6; err != nil || n > most {
		t.Errorf("%d commands in %s, err %v, want at most %d: %s", n, span, err, most, client.Info(t.Context(), "commandstats").Val())
	}
}

func TestALookForWhatIsDueIsNotRepeatedUntilItIs(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		lane := r.lane(Options{Queue: "agents", Concurrency: 1})
		// The score of the first is past; it is due later in that second, and the other behind it.
		now := client.Time(t.Context()).Val()
		for id, due := range map[string]time.Time{"first": now.Add(300 * time.Millisecond), "second": now.Add(5 * time.Second)} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id, At: due})
		}
		client.ZAdd(t.Context(), format.Key("agents", "scheduled"), redis.Z{Score: float64(now.Unix()), Member: "first"})
		client.HSet(t.Context(), format.TaskKey("agents", "first"), format.DueField, now.Unix()*1000+999)
		wait, err := lane.sources[0].forward(t.Context())
		left := time.Until(time.UnixMilli(now.Unix()*1000 + 999))
		if err != nil || wait < left-100*time.Millisecond && left > 0 {
			t.Errorf("looks again in %s, %v; the first is due in %s", wait, err, left)
		}
		client.ZRem(t.Context(), format.Key("agents", "scheduled"), "first")
		if wait, err = lane.sources[0].forward(t.Context()); err != nil || wait < 3*time.Second || wait > 5*time.Second {
			t.Errorf("looks again in %s, %v; the second is due in 5s", wait, err)
		}
	})
}
