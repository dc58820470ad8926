package lane

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// never is a poll that no test waits for: what is taken was not found by polling. That
// these tests end at all shows that stopping does not wait for it either.
const never = time.Hour

func TestAnIdleWorkerTakesATaskHoweverItBecomesReady(t *testing.T) {
	for name, add := range map[string]func(r *rig) tasks.Receipt{
		"enqueued": func(r *rig) tasks.Receipt { return r.Enqueue(note{As: "agent_a"}, tasks.Options{}) },
		"enqueued unique": func(r *rig) tasks.Receipt {
			return r.Enqueue(note{As: "agent_a"}, tasks.Options{Unique: time.Minute})
		},
		"run by hand": func(r *rig) tasks.Receipt {
			receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{At: time.Now().Add(time.Hour)})
			if err := r.client.Wake(r.T.Context(), "agents/"+receipt.ID); err != nil {
				r.T.Error(err)
			}
			return receipt
		},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{"agent_a": nothing})
				r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
				for range 3 { // and again, once it has found nothing
					receipt := add(r)
					r.Await("agents", receipt.ID, inState(tasks.StateSucceeded))
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
		stop := r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		<-running
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: never})
		stop(0)
		<-running
	})
}

func TestATaskOfAForeignClientIsFoundByThePoll(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.start(Options{Queue: "agents", Concurrency: 1, Poll: time.Second})
		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", nil), asynq.Queue("agents"), asynq.TaskID("x"), asynq.Retention(time.Hour)); err != nil {
			t.Fatal(err)
		}
		r.Await("agents", "x", inState(tasks.StateSucceeded))
	})
}
