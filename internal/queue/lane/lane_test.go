package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestAResultIsKeptAsJSON(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, _ *tasks.Task, n note) (any, error) {
			return map[string]string{"echo": n.Text}, nil
		}})
		r.start(Options{Queue: "agents", Concurrency: 1})
		receipt := r.Enqueue(note{As: "agent_a", Text: "hi", User: "ada"}, tasks.Options{})
		s := r.Await("agents", receipt.ID, inState(tasks.StateSucceeded))
		if string(s.Result) != `{"echo":"hi"}` {
			t.Errorf("result %s", s.Result)
		}
		r.AwaitLog("task", "outcome", "succeeded")
		line := r.Logs.FilterMessage("task").All()[0].ContextMap()
		for k, want := range map[string]any{"id": receipt.ID, "kind": "agent_a", "queue": "agents", "attempt": int64(1), "user": "ada", "outcome": "succeeded"} {
			if line[k] != want {
				t.Errorf("log field %s = %v, want %v", k, line[k], want)
			}
		}
	})
}

func TestAnErrorSaysWhatHappensNext(t *testing.T) {
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		err     error
		policy  routing.Patch
		state   tasks.State
		retried int
		delay   time.Duration
		reason  string
	}{
		"plain":       {boom, routing.Patch{Retries: new(2)}, "retrying", 1, 30 * time.Second, "boom"},
		"last":        {boom, routing.Patch{Retries: new(0)}, "failed", 0, 0, "attempt 1, the last: boom"},
		"permanent":   {fmt.Errorf("deep: %w", tasks.Permanent(boom)), routing.Patch{}, "failed", 0, 0, "deep: boom"},
		"retry after": {tasks.RetryAfter(time.Hour, boom), routing.Patch{}, "retrying", 1, time.Hour, "boom"},
		"parked":      {tasks.Parked("brake"), routing.Patch{}, "parked", 0, parkedFor, "parked: brake"},
		"parked last": {tasks.Parked("brake"), routing.Patch{Retries: new(0)}, "parked", 0, parkedFor, "parked: brake"},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, map[string]routing.Patch{"other": tc.policy},
					handlers{"other": func(context.Context, *tasks.Task, note) (any, error) { return nil, tc.err }})
				r.start(Options{Queue: "default", Concurrency: 1})
				before := time.Now()
				receipt := r.Enqueue(note{As: "other"}, tasks.Options{})
				s := r.Await("default", receipt.ID, inState(tc.state))
				if s.Retried != tc.retried || s.LastError != tc.reason {
					t.Errorf("retried %d, reason %q; want %d, %q", s.Retried, s.LastError, tc.retried, tc.reason)
				}
				if tc.delay > 0 && (s.NextRun.Before(before.Add(tc.delay-time.Second)) || s.NextRun.After(time.Now().Add(tc.delay+tc.delay/5+time.Second))) {
					t.Errorf("next run in %s, want about %s", time.Until(s.NextRun), tc.delay)
				}
			})
		})
	}
}

func TestAForeignClientsBadTaskGoesToTheDeadLetterWithAReason(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(Options{Queue: "agents", Concurrency: 2})
		for name, tc := range map[string]struct {
			task *asynq.Task
			want string
		}{
			"broken":  {asynq.NewTask("agent_a", []byte(`{"text":`)), "agent_a: payload is not JSON: it ends too early"},
			"array":   {asynq.NewTask("agent_a", []byte(`[1]`)), "agent_a: payload is a JSON array: send an object"},
			"no-kind": {asynq.NewTask("Agent ZZ", nil), `kind "Agent ZZ": use lower-case letters, digits and underscores, starting with a letter`},
			"large":   {asynq.NewTask("agent_a", []byte(`{"text":"`+strings.Repeat("x", 5<<20)+`"}`)), "agent_a: payload has 5242891 bytes, at most 1048576 are allowed: store the data and send a reference"},
		} {
			if _, err := r.Foreign.Enqueue(tc.task, asynq.Queue("agents"), asynq.TaskID(name)); err != nil {
				t.Fatal(err)
			}
			if s := r.Await("agents", name, inState(tasks.StateFailed)); s.LastError != tc.want {
				t.Errorf("%s: reason %q, want %q", name, s.LastError, tc.want)
			}
		}
		ok := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		r.Await("agents", ok.ID, inState(tasks.StateSucceeded))
	})
}

func TestATaskOfALaterVersionIsLeftToANewerWorker(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(Options{Queue: "agents", Concurrency: 1})
		task := asynq.NewTaskWithHeaders("agent_a", []byte(`{"new_field":1}`), map[string]string{format.VersionHeader: "2"})
		if _, err := r.Foreign.Enqueue(task, asynq.Queue("agents"), asynq.TaskID("v2")); err != nil {
			t.Fatal(err)
		}
		if s := r.Await("agents", "v2", inState(tasks.StateRetrying)); s.Retried != 0 || s.LastError != "agent_a: payload version 2 is later than this worker's 1: upgrade the workers" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAPanicIsAFailedAttemptWithItsStackInTheLogAndBesideTheTask(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) { panic("ouch") }})
		r.start(Options{Queue: "agents", Concurrency: 1})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		if s := r.Await("agents", receipt.ID, inState(tasks.StateRetrying)); s.LastError != "handler panicked: ouch" {
			t.Errorf("reason %q", s.LastError)
		} else if kept := (format.Failure{}); json.Unmarshal(s.Error, &kept) != nil || !strings.Contains(kept.Stack, "lane_test.go") || len(kept.Stack) > maxStack {
			t.Errorf("kept is %s", s.Error)
		}
		lines := r.Logs.FilterMessage("handler panicked").All()
		if len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0].ContextMap()["stack"]), "lane_test.go") {
			t.Errorf("log lines %v", lines)
		}
	})
}

func TestNoMoreTasksAreTakenThanThereAreSlots(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const slots, waiting = 3, 5
		running, release := make(chan string, slots+waiting), make(chan struct{})
		r := newRig(t, client, nil, handlers{"scrape_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			running <- task.ID
			<-release
			return nil, nil
		}})
		var last tasks.Receipt
		for range slots + waiting {
			last = r.Enqueue(note{As: "scrape_a"}, tasks.Options{})
		}
		r.start(Options{Queue: "scraping", Concurrency: slots})
		for range slots {
			<-running
		}
		// Late acknowledgement: the tasks held are still in Redis, as active ones.
		info, err := asynq.NewInspectorFromRedisClient(client).GetQueueInfo("scraping")
		if err != nil || info.Active != slots || info.Pending != waiting {
			t.Errorf("active %d, pending %d, err %v; want %d and %d", info.Active, info.Pending, err, slots, waiting)
		}
		if busy := testutil.ToFloat64(r.metrics.busy.WithLabelValues("scraping")); busy != slots {
			t.Errorf("busy slots %v, want %d", busy, slots)
		}
		select {
		case id := <-running:
			t.Errorf("task %s runs beyond the slots", id)
		default:
		}
		close(release)
		r.Await("scraping", last.ID, inState(tasks.StateSucceeded))
	})
}

func TestTheSoftLimitCancelsAndTheHardLimitEndsTheAttempt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		release := make(chan struct{})
		returned := make(chan struct{})
		r := newRig(t, client, map[string]routing.Patch{
			"agent_soft": {SoftLimit: new(20 * time.Millisecond), HardLimit: new(time.Hour)},
			"agent_hard": {SoftLimit: new(10 * time.Millisecond), HardLimit: new(20 * time.Millisecond)},
		}, handlers{
			"agent_soft": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
				<-ctx.Done()
				return "saved: " + context.Cause(ctx).Error(), nil
			},
			"agent_hard": func(context.Context, *tasks.Task, note) (any, error) {
				defer close(returned)
				<-release
				return nil, nil
			},
		})
		stop := r.start(Options{Queue: "agents", Concurrency: 2})
		soft := r.Enqueue(note{As: "agent_soft"}, tasks.Options{})
		if s := r.Await("agents", soft.ID, inState(tasks.StateSucceeded)); string(s.Result) != `"saved: soft time limit passed"` {
			t.Errorf("soft: result %s", s.Result)
		}
		hard := r.Enqueue(note{As: "agent_hard"}, tasks.Options{})
		if s := r.Await("agents", hard.ID, inState(tasks.StateRetrying)); s.LastError != "hard time limit passed (20ms)" {
			t.Errorf("hard: reason %q", s.LastError)
		}
		if n := testutil.ToFloat64(r.metrics.overdue.WithLabelValues("agents", "agent_hard")); n != 1 {
			t.Errorf("overdue handlers %v, want 1", n)
		}
		stop(0) // before its retry comes
		close(release)
		<-returned
	})
}

func TestAStoppedLaneHandsUnfinishedTasksBackToTheFrontWithNoRetrySpent(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running, causes := make(chan string, 2), make(chan error, 1)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, task *tasks.Task, n note) (any, error) {
			running <- task.ID
			if n.Text == "again" {
				return nil, nil
			}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		}})
		stop := r.start(Options{Queue: "agents", Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "cut"})
		<-running
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "behind"})
		stop(0)
		if cause := <-causes; !errors.Is(cause, ErrHandedBack) {
			t.Errorf("cause %v", cause)
		}
		s := r.Await("agents", "cut", inState(tasks.StateWaiting))
		if s.Retried != 0 || s.LastError != "" {
			t.Errorf("a retry was spent: %+v", s)
		}
		// asynq takes from the right end.
		order := client.LRange(t.Context(), "asynq:{agents}:pending", 0, -1).Val()
		if fmt.Sprint(order) != "[behind cut]" {
			t.Errorf("pending list %v: the task handed back is not the next", order)
		}
	})
}

func TestAStoppedLaneLetsARunningTaskFinish(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running, release := make(chan struct{}), make(chan struct{})
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			close(running)
			<-release
			return "done", ctx.Err()
		}})
		stop := r.start(Options{Queue: "agents", Concurrency: 1})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		<-running
		time.AfterFunc(50*time.Millisecond, func() { close(release) })
		stop(time.Minute)
		if s := r.Await("agents", receipt.ID, inState(tasks.StateSucceeded)); string(s.Result) != `"done"` {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAWaitingTaskIsWokenWhenTheOneItWaitsForHasEnded(t *testing.T) {
	for name, err := range map[string]error{"for good": nil, "for bad": tasks.Permanent(errors.New("no"))} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{
					"agent_rank":     func(context.Context, *tasks.Task, note) (any, error) { return nil, err },
					"briefing_write": nothing,
				})
				r.start(Options{Queue: "agents", Concurrency: 1})
				r.start(Options{Queue: "briefings", Concurrency: 1})
				waiting := r.Enqueue(note{As: "briefing_write"}, tasks.Options{At: time.Now().Add(time.Hour)})
				r.Enqueue(note{As: "agent_rank"}, tasks.Options{Wakes: &waiting})
				r.Await("briefings", waiting.ID, inState(tasks.StateSucceeded))
			})
		})
	}
}

func TestSiblingQueuesShareTheSlotsOfALane(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(Options{Queue: "agents", Concurrency: 1, Priorities: map[string]int{"agents": 1, "agents_high": 6}})
		for _, queue := range []string{"agents", "agents_high"} {
			receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{Queue: queue})
			r.Await(queue, receipt.ID, inState(tasks.StateSucceeded))
		}
	})
}

// onFailedWrite is called when a result could not be written.
type onFailedWrite func()

func (onFailedWrite) DialHook(next redis.DialHook) redis.DialHook { return next }

func (onFailedWrite) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (f onFailedWrite) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil && strings.Contains(fmt.Sprint(cmd.Args()...), `"way":"kept"`) {
			f()
		}
		return err
	}
}

func TestRedisGoneInTheMiddleOfWorkLosesNothingAndRepeatsNothing(t *testing.T) {
	server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
	running, release := make(chan struct{}, 2), make(chan struct{})
	client, refused := redistest.Client(t, server.Addr), make(chan struct{})
	client.AddHook(onFailedWrite(sync.OnceFunc(func() { close(refused) })))
	r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
		running <- struct{}{}
		<-release
		return "done", nil
	}})
	r.start(Options{Queue: "agents", Concurrency: 1})
	first := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
	waiting := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
	<-running
	server.Stop()
	close(release) // the work is done while Redis is away
	<-refused      // and its result cannot be kept
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for _, receipt := range []tasks.Receipt{first, waiting} {
		if s := r.Await("agents", receipt.ID, inState(tasks.StateSucceeded)); s.Retried != 0 || string(s.Result) != `"done"` {
			t.Errorf("status %+v", s)
		}
	}
	if runs := 1 + len(running); runs != 2 {
		t.Errorf("%d runs of 2 tasks", runs)
	}
}
