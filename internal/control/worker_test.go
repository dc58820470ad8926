package control

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

// patience bounds how long a test waits for what is to come.
const patience = time.Minute

// op is who pauses and resumes in tests.
var op = audit.Actor{Name: "op", Via: audit.Command, From: "here"}

// fakeRunner notes the tasks it is to run. Those that are ending it refuses at first.
type fakeRunner struct {
	mu     sync.Mutex
	ending map[string]int
	gone   map[string]bool
	ran    []string
}

func (r *fakeRunner) Unpark(_ context.Context, queue, id string) (tasks.Unparked, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	task := queue + "/" + id
	switch {
	case r.gone[task]:
		return tasks.NotParked, nil
	case r.ending[task] > 0:
		r.ending[task]--
		return tasks.StillEnding, nil
	}
	r.ran = append(r.ran, task)
	return tasks.GoesOn, nil
}

func (r *fakeRunner) Gone(_ context.Context, names []string) ([]string, error) {
	var gone []string
	for _, name := range names {
		if r.gone[name] {
			gone = append(gone, name)
		}
	}
	return gone, nil
}

// owner says whether the channels are this deployment's to obey.
type owner bool

func (o owner) Ours(context.Context) (bool, error) { return bool(o), nil }

// worker is what a worker has of the brake, and an operator.
type worker struct {
	t        *testing.T
	client   redis.UniversalClient
	brake    *Brake
	guard    *Guard
	operator *Operator
	overseer *Overseer
	receiver *Receiver
	runner   *fakeRunner
	runs     sync.WaitGroup
}

// idleWorker returns a worker that does nothing by itself.
func idleWorker(t *testing.T, client redis.UniversalClient) *worker {
	t.Helper()
	w := &worker{t: t, client: client, brake: newBrake(client), runner: &fakeRunner{ending: map[string]int{}, gone: map[string]bool{}}}
	w.guard = NewGuard(w.brake, zap.NewNop())
	w.operator = &Operator{Brake: w.brake, Runner: w.runner, Audit: audit.NewLog(client, "p:"), Patience: patience}
	w.overseer = NewOverseer(w.operator, zap.NewNop())
	w.receiver = NewReceiver(w.operator, owner(true), w.overseer, zap.NewNop())
	return w
}

// newWorker returns a worker that watches, and listens.
func newWorker(t *testing.T, client redis.UniversalClient) *worker {
	t.Helper()
	w := idleWorker(t, client)
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	ears := cache.NewPatternListener(client, "agent:pause:*", "agent:resume:*")
	watching.Go(func() { w.guard.Watch(ctx, ears, w.receiver) })
	t.Cleanup(func() { cancel(); watching.Wait(); w.runs.Wait() })
	w.await("a worker that listens", func() bool { return ears.Check(ctx) == nil })
	return w
}

// await waits for what nothing signals.
func (w *worker) await(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("after %s there is not %s", patience, what)
		}
	}
}

// awaitState waits for the state of a user.
func (w *worker) awaitState(user string, want State) {
	w.t.Helper()
	w.await(user+" "+string(want), func() bool { return w.status(user).State == want })
}

func (w *worker) status(user string) BrakeStatus {
	w.t.Helper()
	s, err := w.brake.Look(w.t.Context(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// publish publishes a message as an application does.
func (w *worker) publish(channel Channel, user, body string) {
	w.t.Helper()
	if err := w.client.Publish(w.t.Context(), "agent:"+string(channel)+":"+user, body).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// enter begins a run that leaves, parked, once its context has ended. ended gets the cause.
func (w *worker) enter(user, task string) (ended chan error) {
	w.t.Helper()
	ctx, pass, err := w.guard.Enter(w.t.Context(), user, task)
	if err != nil {
		w.t.Fatal(err)
	}
	ended = make(chan error, 1)
	w.runs.Go(func() {
		<-ctx.Done()
		pass.Leave(errors.Is(context.Cause(ctx), ErrPaused))
		ended <- context.Cause(ctx)
	})
	return ended
}

func (w *worker) wantPaused(ended chan error) {
	w.t.Helper()
	select {
	case cause := <-ended:
		if !errors.Is(cause, ErrPaused) {
			w.t.Errorf("the run ended with %v, want ErrPaused", cause)
		}
	case <-time.After(patience):
		w.t.Fatal("the run did not end")
	}
}
