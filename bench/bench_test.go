package bench

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestEveryFigureIsMeasuredAndNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		report, err := Run(t.Context(), small(client, Pickup, Drain, Stream, Add))
		if err := errors.Join(err, report.Err()); err != nil {
			t.Fatal(err)
		}
		full := client.Info(t.Context(), "commandstats").Err() == nil
		var got []string
		for _, f := range report.Figures {
			got = append(got, f.ID)
			if !full && (strings.HasSuffix(f.ID, ".commands") || strings.HasSuffix(f.ID, ".processor")) {
				continue // miniredis does not say
			}
			if f.Ours == nil || f.Asynq == nil {
				t.Errorf("%s: ours %+v, asynq %+v", f.ID, f.Ours, f.Asynq)
				continue
			}
			if strings.HasPrefix(f.ID, "idle.") || strings.HasSuffix(f.ID, ".processor") {
				continue // in so short a time there may be none
			}
			if f.Ours.Median <= 0 || f.Asynq.Median <= 0 || f.Ratio <= 0 {
				t.Errorf("%s: ours %+v, asynq %+v, ratio %v", f.ID, f.Ours, f.Asynq, f.Ratio)
			}
		}
		want := []string{"pickup.p50", "pickup.p95", "pickup.p99", "pickup.max", "idle.sent", "idle.performed", "drain.2", "drain.2.commands", "drain.2.processor", "stream.10", "add"}
		if !slices.Equal(got, want) {
			t.Errorf("figures %v, want %v", got, want)
		}
		if len(report.Counts) != 8 {
			t.Errorf("%d counts, want one for each of four workloads and two systems", len(report.Counts))
		}
		if left := keys(t, client); len(left) > 0 {
			t.Errorf("left in Redis: %v", left)
		}
	})
}

// faulty is a system that goes wrong with one task.
type faulty struct {
	system
	loses, repeats, doubles int // numbers of tasks; 0: none
}

func (f faulty) enqueue(ctx context.Context, j job) error {
	if f.loses > 0 && j.Seq == f.loses {
		return nil
	}
	if f.doubles > 0 && j.Seq == f.doubles {
		if err := f.system.enqueue(ctx, j); err != nil {
			return err
		}
	}
	return f.system.enqueue(ctx, j)
}

func (f faulty) start(slots int, handle func(int)) (func() error, error) {
	var repeated atomic.Bool
	return f.system.start(slots, func(seq int) {
		handle(seq)
		if f.repeats > 0 && seq == f.repeats && repeated.CompareAndSwap(false, true) {
			handle(seq)
		}
	})
}

func TestACountThatIsOffByOneIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault faulty
		ours  bool
		fails bool
		says  string
	}{
		"ours loses one":            {faulty{loses: 7}, true, true, "200 tasks enqueued, 199 handled, 0 times too often, 0 left"},
		"ours runs one twice":       {faulty{repeats: 7}, true, true, "200 handled, 1 times too often"},
		"ours enqueues one twice":   {faulty{doubles: 7}, true, true, "200 handled, 1 times too often"},
		"asynq loses one":           {faulty{loses: 7}, false, false, "199 handled"},
		"asynq runs the last twice": {faulty{repeats: 199}, false, false, "1 times too often"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Client(t, redistest.Server(t).Addr)
			r, err := newRun(small(client, Drain))
			if err != nil {
				t.Fatal(err)
			}
			r.limit = func(int) time.Duration { return 5 * time.Second }
			for i, c := range r.contenders {
				if c.ours == test.ours {
					test.fault.system = c.system
					r.contenders[i].system = test.fault
				}
			}
			report, err := r.do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if failed := errors.Is(report.Err(), ErrCount); failed != test.fails {
				t.Errorf("error %v, want one: %v", report.Err(), test.fails)
			}
			if faults := strings.Join(report.Faults(), "\n"); !strings.Contains(faults, test.says) {
				t.Errorf("faults %q, want %q", faults, test.says)
			}
			if left := keys(t, client); len(left) > 0 {
				t.Errorf("left in Redis: %v", left)
			}
		})
	}
}

// deaf is a system whose worker takes nothing.
type deaf struct{ system }

func (d deaf) start(int, func(int)) (func() error, error) { return func() error { return nil }, nil }

func TestATaskLeftInTheQueueIsAnError(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t, redistest.Server(t).Addr)
	r, err := newRun(small(client, Drain))
	if err != nil {
		t.Fatal(err)
	}
	r.Rounds, r.settleFor = 2, 0
	r.limit = func(int) time.Duration { return time.Second }
	r.contenders = []contender{{deaf{r.contenders[0].system}, true, oursQueue}}
	report, err := r.do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Counts {
		if c.Left != 200 { // and not those of the round before with it
			t.Errorf("%+v, want 200 left", c)
		}
	}
	if len(report.Counts) != 2 || !errors.Is(report.Err(), ErrCount) {
		t.Errorf("%d counts and error %v, want two and one", len(report.Counts), report.Err())
	}
	if left := keys(t, client); len(left) > 0 {
		t.Errorf("left in Redis: %v", left)
	}
}

func TestAnInterruptedRunCleansUp(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		o := small(client, Stream)
		o.Tasks = 1_000_000
		ctx, interrupt := context.WithCancelCause(t.Context())
		stopped := errors.New("stopped by hand")
		o.Progress = func(_ string, done, _ int) {
			if done > 0 {
				interrupt(stopped)
			}
		}
		if _, err := Run(ctx, o); !errors.Is(err, stopped) {
			t.Errorf("error %v, want that it was stopped", err)
		}
		if left := keys(t, client); len(left) > 0 {
			t.Errorf("left in Redis: %v", left)
		}
	})
}

func TestARedisInUseIsRefused(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		foreign := asynq.NewClientFromRedisClient(client)
		if _, err := foreign.Enqueue(asynq.NewTask("theirs", nil), asynq.Queue(oursQueue), asynq.TaskID("theirs")); err != nil {
			t.Fatal(err)
		}
		before := keys(t, client)
		_, err := Run(t.Context(), small(client, Drain))
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "queue bench holds 1 tasks") {
			t.Errorf("with a task in the queue: error %v", err)
		}
		if after := keys(t, client); len(after) != len(before) {
			t.Errorf("keys %v, want as before: %v", after, before)
		}
	})
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		server := newServer(client, 1, []string{asynqQueue})
		if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		inspector := asynq.NewInspectorFromRedisClient(client)
		// The server shows itself at its first heartbeat, some time after Start returns.
		for servers := 0; servers == 0; time.Sleep(time.Millisecond) {
			shown, err := inspector.Servers()
			if err != nil {
				t.Fatal(err)
			}
			servers = len(shown)
		}
		_, err := Run(t.Context(), small(client, Drain))
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "consumes queue bench-asynq") {
			t.Errorf("with a worker on the queue: error %v", err)
		}
	})
}

func TestAnOptionOutOfRangeIsNamed(t *testing.T) {
	for says, change := range map[string]func(*Options){
		"--samples is 0: use 1 to": func(o *Options) { o.Samples = 0 },
		"--tasks is 1: use 2 to":   func(o *Options) { o.Tasks = 1 },
		"--rounds is -1":           func(o *Options) { o.Rounds = -1 },
		"--slots is 0":             func(o *Options) { o.Slots = []int{10, 0} },
		"--kills is 1001":          func(o *Options) { o.Kills = 1001 },
		"--fetchers is -2":         func(o *Options) { o.Fetchers = -2 },
		"--idle is 0s":             func(o *Options) { o.Idle = 0 },
		"--settle is -1s":          func(o *Options) { o.Settle = -time.Second },
		`workload "drian" is unknown: use some of pickup, drain`: func(o *Options) { o.Workloads = []string{"drian"} },
	} {
		o := small(nil, Drain)
		change(&o)
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}
