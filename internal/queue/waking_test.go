package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/redistest"
	"switchyard/internal/tasks"
)

// never is a poll that no test waits for: what is taken was not found by polling. That
// these tests end at all shows that stopping does not wait for it either.
const never = time.Hour

func TestAnIdleWorkerTakesATaskHoweverItBecomesReady(t *testing.T) {
	for name, add := range map[string]func(r *rig) tasks.Receipt{
		"enqueued": func(r *rig) tasks.Receipt { return r.enqueue(note{kind: "agent_a"}, tasks.Options{}) },
		"enqueued unique": func(r *rig) tasks.Receipt {
			return r.enqueue(note{kind: "agent_a"}, tasks.Options{Unique: time.Minute})
		},
		"run by hand": func(r *rig) tasks.Receipt {
			receipt := r.enqueue(note{kind: "agent_a"}, tasks.Options{At: time.Now().Add(time.Hour)})
			if err := r.client.wake("agents/" + receipt.ID); err != nil {
				r.t.Error(err)
			}
			return receipt
		},
		"all run by hand": func(r *rig) tasks.Receipt {
			receipt := r.enqueue(note{kind: "agent_a"}, tasks.Options{At: time.Now().Add(time.Hour)})
			if n, err := asynq.NewInspectorFromRedisClient(Waking(r.redis)).RunAllScheduledTasks("agents"); n != 1 || err != nil {
				r.t.Error(n, err)
			}
			return receipt
		},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{"agent_a": nothing})
				r.start(LaneOptions{Queue: "agents", Concurrency: 1, Poll: never})
				for range 3 { // and again, once it has found nothing
					receipt := add(r)
					r.await("agents", receipt.ID, inState(tasks.StateSucceeded))
				}
			})
		})
	}
}

func TestATaskHandedBackIsTakenByAnotherWorkerAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running := make(chan struct{}, 2)
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			running <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		stop := r.start(LaneOptions{Queue: "agents", Concurrency: 1, Poll: never})
		r.enqueue(note{kind: "agent_a"}, tasks.Options{})
		<-running
		r.start(LaneOptions{Queue: "agents", Concurrency: 1, Poll: never})
		stop(0)
		<-running
	})
}

func TestATaskOfAForeignClientIsFoundByThePoll(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(LaneOptions{Queue: "agents", Concurrency: 1, Poll: time.Second})
		if _, err := r.foreign.Enqueue(asynq.NewTask("agent_a", nil), asynq.Queue("agents"), asynq.TaskID("x"), asynq.Retention(time.Hour)); err != nil {
			t.Fatal(err)
		}
		r.await("agents", "x", inState(tasks.StateSucceeded))
	})
}

func TestTokensNobodyWaitsForAreCapped(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for range 3 * format.MaxTokens {
			r.enqueue(note{kind: "agent_a"}, tasks.Options{})
		}
		if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n > format.MaxTokens+trimEvery {
			t.Errorf("%d tokens, want about %d", n, format.MaxTokens)
		}
	})
}

// keysSeen notes the keys of every script that is run.
type keysSeen struct {
	redis.UniversalClient
	keys [][]string
}

func (k *keysSeen) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	k.keys = append(k.keys, keys)
	return k.UniversalClient.EvalSha(ctx, sha1, keys, args...)
}

// TestScriptsAreToldByTheKeysAsynqUses fails when an upgrade of asynq changes the keys
// that effectOf goes by.
func TestScriptsAreToldByTheKeysAsynqUses(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		seen := &keysSeen{UniversalClient: client}
		c, i := asynq.NewClientFromRedisClient(seen), asynq.NewInspectorFromRedisClient(seen)
		in := asynq.Queue("agents")
		for _, step := range []struct {
			name string
			do   func() error
			want effect
		}{
			{"enqueue", func() error { _, err := c.Enqueue(asynq.NewTask("a", nil), in); return err }, adds},
			{"enqueue unique", func() error { _, err := c.Enqueue(asynq.NewTask("b", nil), in, asynq.Unique(time.Hour)); return err }, adds},
			{"schedule", func() error {
				_, err := c.Enqueue(asynq.NewTask("c", nil), in, asynq.ProcessIn(time.Hour), asynq.TaskID("c"))
				return err
			}, delays},
			{"run", func() error { return i.RunTask("agents", "c") }, adds},
			{"run all", func() error { _, err := i.RunAllRetryTasks("agents"); return err }, addsSome},
			{"info", func() error { _, err := i.GetQueueInfo("agents"); return err }, other},
			{"archive all", func() error { _, err := i.ArchiveAllPendingTasks("agents"); return err }, other},
			{"run all archived", func() error { _, err := i.RunAllArchivedTasks("agents"); return err }, addsSome},
		} {
			seen.keys = nil
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if !slices.ContainsFunc(seen.keys, func(keys []string) bool {
				c := callOf(keys)
				return c.effect == step.want && (c.effect == other || c.queue == "agents")
			}) {
				t.Errorf("%s: keys %v", step.name, seen.keys)
			}
		}
	})
}
