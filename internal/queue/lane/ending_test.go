package lane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
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

// untilCancelled is a handler that returns once its context ends, with its cause.
func untilCancelled(running chan<- string) func(context.Context, *tasks.Task, note) (any, error) {
	return func(ctx context.Context, task *tasks.Task, _ note) (any, error) {
		running <- task.ID
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// outcomes are those of the lines of attempts' ends, with how often each was said.
func (r *rig) outcomes() string {
	said := map[string]int{}
	for _, line := range r.Logs.FilterMessage("task").All() {
		said[fmt.Sprint(line.ContextMap()["outcome"])]++
	}
	return fmt.Sprint(said)
}

func TestATaskThatPassesItsHardLimitEndsAfterOneAttemptForEachItMayHave(t *testing.T) {
	for name, soft := range map[string]time.Duration{"none": 0, "some": 100 * time.Millisecond} {
		t.Run("soft limit "+name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				var began atomic.Int64
				r := newRig(t, client, map[string]routing.Patch{"agent_a": {SoftLimit: &soft, HardLimit: new(300 * time.Millisecond), Retries: new(0)}},
					handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
						began.Add(1)
						<-ctx.Done()
						if errors.Is(context.Cause(ctx), tasks.ErrSoftLimit) {
							time.Sleep(250 * time.Millisecond) // beyond the hard limit
						}
						return nil, ctx.Err()
					}})
				r.start(Options{Queue: "agents", Concurrency: 10})
				for i := range 10 {
					r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: fmt.Sprint(i)})
				}
				for i := range 10 {
					s := r.Await("agents", fmt.Sprint(i), inState(tasks.StateFailed))
					if want := "attempt 1, the last: hard time limit passed (300ms)"; s.LastError != want || s.Retried != 0 {
						t.Errorf("after %d retries it says %q, want %q", s.Retried, s.LastError, want)
					}
				}
				for deadline := time.Now().Add(time.Minute); r.Logs.FilterMessage("task").Len() < 10 && time.Now().Before(deadline); {
					time.Sleep(time.Millisecond) // a line follows what Redis has taken
				}
				if got := r.outcomes(); began.Load() != 10 || got != "map[dead:10]" {
					t.Errorf("%d attempts, said %s; want 10, all dead", began.Load(), got)
				}
			})
		})
	}
}

func TestALimitOfZeroIsNone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {SoftLimit: new(time.Duration(0)), HardLimit: new(time.Duration(0))}},
			handlers{"agent_a": nothing})
		lane := r.lane(Options{Queue: "agents", Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		a := r.take(lane, 1)[0]
		a.begin()
		if err := a.watch(); err != nil {
			t.Fatal(err)
		}
		if next := a.limits.next(); !next.IsZero() {
			t.Errorf("something happens to it at %s", next)
		}
	})
}

func TestACancelledTaskEndsOnceItsHandlerHasReturnedAndIsNotRunAgain(t *testing.T) {
	for name, cancel := range map[string]struct {
		do   func(*rig) error
		want string
	}{
		"over asynq's channel": {func(r *rig) error { return r.cancel("x") }, "cancelled over the channel asynq:cancel"},
		"by a person, whose message is lost": {func(r *rig) error {
			return r.Redis.HSet(r.T.Context(), format.TaskKey("agents", "x"), format.CancelField, `{"by":"ada","why":"a mistake"}`).Err()
		}, "cancelled by ada: a mistake"},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
				running, saved := make(chan string, 2), make(chan struct{})
				r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, task *tasks.Task, _ note) (any, error) {
					if task.ID != "x" {
						return nil, nil
					}
					running <- task.ID
					<-ctx.Done()
					if !errors.Is(context.Cause(ctx), tasks.ErrCancelled) {
						t.Errorf("cause %v", context.Cause(ctx))
					}
					<-saved // its grace
					return nil, ctx.Err()
				}})
				r.start(Options{Queue: "agents", Concurrency: 1})
				r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x", Unique: time.Hour})
				<-running
				if err := cancel.do(r); err != nil {
					t.Fatal(err)
				}
				close(saved)
				s := r.Await("agents", "x", inState(tasks.StateCancelled))
				if s.LastError != cancel.want || s.Retried != 0 {
					t.Errorf("after %d retries it says %q, want %q", s.Retried, s.LastError, cancel.want)
				}
				r.AwaitLog("task", "outcome", "cancelled")
				if got := client.HGet(t.Context(), format.TaskKey("agents", "x"), format.EndingField).Val(); got != "cancelled" {
					t.Errorf("ending %q", got)
				}
				if receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{Unique: time.Hour, ID: "y"}); receipt.Duplicate {
					t.Error("it cannot be sent again")
				}
				if r.Logs.FilterMessageSnippet("ignores its cancellation").Len() != 0 {
					t.Error("its handler is said to ignore its cancellation")
				}
			})
		})
	}
}

func TestACancelledTaskThatWaitsIsNotBegun(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			t.Error("begun")
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		client.HSet(t.Context(), format.TaskKey("agents", "x"), format.CancelField, `{"by":"ada"}`) // as a worker that was lost has left it
		r.start(Options{Queue: "agents", Concurrency: 1})
		if s := r.Await("agents", "x", inState(tasks.StateCancelled)); s.LastError != "cancelled by ada" {
			t.Errorf("it says %q", s.LastError)
		}
	})
}

func TestATaskThatIsCancelledWhileItIsParkedEndsAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			// The attempt hears no message and ends before its lease is renewed.
			told := client.HSet(t.Context(), format.TaskKey("agents", "x"), format.CancelField, `{"by":"ada"}`)
			return nil, errors.Join(told.Err(), tasks.Parked("brake"))
		}})
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		if s := r.Await("agents", "x", inState(tasks.StateCancelled)); s.LastError != "cancelled by ada" {
			t.Errorf("it says %q", s.LastError)
		}
		r.AwaitLog("task", "outcome", "cancelled")
		if got := r.outcomes(); got != "map[cancelled:1 parked:1]" {
			t.Errorf("said %s", got)
		}
	})
}

func TestACancelledTaskThatIsDoneAllTheSameHasSucceeded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running := make(chan struct{})
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			close(running)
			<-ctx.Done()
			return "done", nil
		}})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		<-running
		if err := r.cancel("x"); err != nil {
			t.Fatal(err)
		}
		if s := r.Await("agents", "x", inState(tasks.StateSucceeded)); string(s.Result) != `"done"` {
			t.Errorf("result %s", s.Result)
		}
	})
}

func TestATaskWhoseDeadlinePassesExpiresAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running := make(chan string, 2)
		r := newRig(t, client, nil, handlers{"agent_a": untilCancelled(running)})
		before, during := time.Now().Add(-time.Minute), time.Now().Add(3*time.Second)
		for id, deadline := range map[string]time.Time{"before": before, "during": during} {
			task := asynq.NewTask("agent_a", nil)
			if _, err := r.Foreign.Enqueue(task, asynq.Queue("agents"), asynq.TaskID(id), asynq.Deadline(deadline), asynq.MaxRetry(5)); err != nil {
				t.Fatal(err)
			}
		}
		r.start(Options{Queue: "agents", Concurrency: 2})
		for id, deadline := range map[string]time.Time{"before": before, "during": during} {
			s := r.Await("agents", id, inState(tasks.StateExpired))
			if want := "expired: its deadline " + deadline.UTC().Format(time.RFC3339) + " has passed"; s.LastError != want || s.Retried != 0 {
				t.Errorf("after %d retries it says %q, want %q", s.Retried, s.LastError, want)
			}
			if got := client.HGet(t.Context(), format.TaskKey("agents", id), format.EndingField).Val(); got != "expired" {
				t.Errorf("ending %q", got)
			}
		}
		if len(running) != 1 || <-running != "during" {
			t.Error("not only the one with time left has begun")
		}
	})
}

func TestATaskThatNobodyHereKnowsWaitsForAWorkerThatDoes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_new", nil), asynq.Queue("agents"), asynq.TaskID("x"), asynq.MaxRetry(0), asynq.Retention(time.Hour)); err != nil {
			t.Fatal(err)
		}
		stop := r.start(Options{Queue: "agents", Concurrency: 1})
		s := r.Await("agents", "x", inState(tasks.StateRetrying))
		if left := time.Until(s.NextRun); s.Retried != 0 || left < awaitEvery-3*time.Second || left > awaitEvery {
			t.Errorf("after %d retries the next attempt is in %s, want %s", s.Retried, left, awaitEvery)
		}
		again := func() { // at once and not after its delay
			client.HDel(t.Context(), format.TaskKey("agents", "x"), format.DueField)
			client.ZAdd(t.Context(), format.Key("agents", "retry"), redis.Z{Score: 1, Member: "x"})
			client.LPush(t.Context(), format.WakeKey("agents"), "")
		}
		again()
		for deadline := time.Now().Add(time.Minute); r.Logs.FilterMessage("task").Len() < 2 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if warned := r.Logs.FilterMessage("task").FilterLevelExact(1).Len(); warned != 1 {
			t.Errorf("warned %d times, want once", warned)
		}
		// As if it had waited for long.
		client.HSet(t.Context(), format.TaskKey("agents", "x"), format.AwaitsField, time.Now().Add(-awaitFor).Unix())
		again()
		s = r.Await("agents", "x", inState(tasks.StateFailed))
		if want := `kind "agent_new" has no handler: known are agent_a: no worker that knows it has come for 15m`; !strings.HasPrefix(s.LastError, want) {
			t.Errorf("it says %q, want %q", s.LastError, want)
		}
		stop(0)
		r.deps.Catalog, _ = tasks.NewCatalog(0, tasks.KindOf[note]("agent_new", 1))
		r.deps.Handlers = tasks.Handlers{"agent_new": tasks.Handle(nothing)}
		r.runByHand("x") // to a newer worker
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
	})
}

func TestWhatCannotBeReadGoesToTheDeadLetterAsAsynqCanShowIt(t *testing.T) {
	good := format.Message{Kind: "agent_a", ID: "x", Queue: "agents"}
	other, elsewhere, negative := good, good, good
	other.ID, elsewhere.Queue, negative.Retried = "y", "scraping", -3
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"no message":       {"\x12\xff\xff", "task cannot be read: not a task message: unexpected EOF"},
		"nothing":          {"", "task cannot be read: its message is missing"},
		"another's":        {string(other.Encode()), `task cannot be read: its message is that of task "y"`},
		"of another queue": {string(elsewhere.Encode()), `task cannot be read: its message is of queue "scraping"`},
		"retried -3 times": {string(negative.Encode()), "task cannot be read: its message says that it was retried -3 times"},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
					t.Error("begun")
					return nil, nil
				}})
				ctx := t.Context()
				client.SAdd(ctx, format.Queues, "agents")
				client.HSet(ctx, format.TaskKey("agents", "x"), "msg", tc.text, "state", "pending")
				client.LPush(ctx, format.Key("agents", "pending"), "x")
				r.start(Options{Queue: "agents", Concurrency: 1})
				r.AwaitLog("task", "outcome", "dead")
				dead, err := r.inspector().ListArchivedTasks("agents")
				if err != nil || len(dead) != 1 || dead[0].ID != "x" || dead[0].LastErr != tc.want {
					t.Errorf("asynq shows %+v, %v; want %q", dead, err, tc.want)
				}
				if err := r.inspector().DeleteTask("agents", "x"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestATaskThatIsListedTwiceDoesNotRunTwiceAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running, release := make(chan string, 3), make(chan struct{})
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			running <- task.ID
			<-release
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "twice"})
		client.LPush(t.Context(), format.Key("agents", "pending"), "twice")
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "next"})
		r.start(Options{Queue: "agents", Concurrency: 3})
		if ran := map[string]bool{<-running: true, <-running: true}; !ran["twice"] || !ran["next"] {
			t.Errorf("ran %v", ran)
		}
		r.AwaitLog("found wrong in redis and put right", "what", "runs already")
		close(release)
		r.Await("agents", "twice", inState(tasks.StateSucceeded))
		if len(running) != 0 {
			t.Error("it ran again")
		}
	})
}

func TestWhatTheDeadLetterHasNoRoomForIsCountedAndSaid(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			return nil, tasks.Permanent(errors.New("no"))
		}})
		full := make([]redis.Z, format.DeadMost-1) // asynq keeps one less than its bound
		for i := range full {
			full[i] = redis.Z{Score: float64(time.Now().Unix() - 100), Member: fmt.Sprintf("old-%05d", i)}
		}
		client.ZAdd(t.Context(), format.Key("agents", "archived"), full...)
		client.HSet(t.Context(), format.TaskKey("agents", "old-00000"), "msg", "", "state", "archived")
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		r.Await("agents", "x", inState(tasks.StateFailed))
		r.AwaitLog("task", "outcome", "dead")
		lines := r.Logs.FilterMessageSnippet("dead tasks deleted").All()
		if len(lines) != 1 || lines[0].ContextMap()["deleted"] != int64(1) || testutil.ToFloat64(r.metrics.trimmed.WithLabelValues("agents")) != 1 {
			t.Errorf("said %v", lines)
		}
		if n := client.Exists(t.Context(), format.TaskKey("agents", "old-00000")).Val(); n != 0 {
			t.Error("the oldest task is still there")
		}
	})
}
