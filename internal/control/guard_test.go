package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/test/redistest"
)

func TestAPauseEndsTheRunsOfItsUserAndSaysSo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newWorker(t, client), t.Context()
		one, two, other := s.enter("ada", "agents/1"), s.enter("ada", "agents/2"), s.enter("bob", "agents/3")
		receipt, err := s.operator.Pause(ctx, "ada", op)
		if err != nil || !receipt.Changed || receipt.State != Paused || !slices.Equal(receipt.Found, []string{"agents/1", "agents/2"}) || len(receipt.Unconfirmed) > 0 || receipt.Parked != 2 {
			t.Errorf("receipt %+v, %v; want both runs stopped and parked", receipt, err)
		}
		s.wantPaused(one)
		s.wantPaused(two)
		select {
		case cause := <-other:
			t.Errorf("the run of another user ended: %v", cause)
		default:
		}
		if _, _, err := s.guard.Enter(ctx, "ada", "agents/4"); !errors.Is(err, ErrPaused) {
			t.Errorf("a run was let in: %v", err)
		}
		s.runner.ending["agents/2"] = 2
		resumed, err := s.operator.Resume(ctx, "ada", op)
		slices.Sort(resumed.Tasks)
		if want := []string{"agents/1", "agents/2", "agents/4"}; !resumed.Changed || err != nil || !slices.Equal(resumed.Tasks, want) {
			t.Errorf("resumed %+v, %v; want %v", resumed, err, want)
		}
		if status := s.status("ada"); status.State != Running {
			t.Errorf("status %+v; want running", status)
		}
		if _, err := s.operator.Pause(ctx, "bob", op); err != nil {
			t.Error(err)
		}
	})
}

func TestARunThatDoesNotStopIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newWorker(t, client), t.Context()
		_, pass, err := s.guard.Enter(ctx, "ada", "agents/deaf")
		if err != nil {
			t.Fatal(err)
		}
		s.operator.Patience = 100 * time.Millisecond
		receipt, err := s.operator.Pause(ctx, "ada", op)
		if err != nil || receipt.State != Partial || !slices.Equal(receipt.Unconfirmed, []string{"agents/deaf"}) {
			t.Errorf("receipt %+v, %v; want it named", receipt, err)
		}
		pass.Leave(true)
		if status, err := s.brake.Look(ctx, "ada"); err != nil || status.State != Paused {
			t.Errorf("status %+v, %v; want paused once it has stopped", status, err)
		}
	})
}

func TestTheRunsOfAProcessThatIsGoneDoNotHoldUpAPause(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newWorker(t, client)
		step(t, s.brake, "enter", "ada", "agents/1", "gone/1", "agents/1")
		receipt, err := s.operator.Pause(t.Context(), "ada", op)
		if err != nil || receipt.State != Paused || receipt.Took > 15*time.Second {
			t.Errorf("receipt %+v, %v; want it paused at once", receipt, err)
		}
	})
}

// A worker that stood still for so long that others have taken its task knows nothing of what became of it.
func TestALostAttemptThatEndsLateLeavesItsTaskParked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for user, pulled := range map[string]string{"ada": "ada", "bob": Everyone} {
			lost, other, ctx := newWorker(t, client), newWorker(t, client), t.Context()
			task := "agents/of-" + user
			_, pass, err := lost.guard.Enter(ctx, user, task)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lost.brake.Pull(ctx, pulled, operator); err != nil {
				t.Fatal(err)
			}
			if _, _, err := other.guard.Enter(ctx, user, task); !errors.Is(err, ErrPaused) {
				t.Fatalf("the next attempt was let in: %v", err)
			}
			pass.Leave(false)
			resumed, err := other.operator.Resume(ctx, pulled, op)
			if err != nil || !slices.Equal(resumed.Tasks, []string{task}) {
				t.Errorf("resumed %+v, %v; want %s to go on", resumed, err, task)
			}
		}
	})
}

func TestAPauseThatNobodyHeardIsFound(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newWorker(t, client)
		ended := s.enter("ada", "agents/1")
		client.HSet(t.Context(), s.brake.key("ada", "brake"), "on", "1", "state", "pausing")
		s.wantPaused(ended)
	})
}

func TestEveryoneIsPausedAndResumedAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newWorker(t, client), t.Context()
		one, two := s.enter("ada", "agents/1"), s.enter("bob", "agents/2")
		receipt, err := s.operator.Pause(ctx, Everyone, op)
		slices.Sort(receipt.Found)
		if err != nil || receipt.State != Paused || !slices.Equal(receipt.Found, []string{"agents/1", "agents/2"}) || receipt.Parked != 2 {
			t.Errorf("receipt %+v, %v; want both users' runs stopped", receipt, err)
		}
		s.wantPaused(one)
		s.wantPaused(two)
		if _, _, err := s.guard.Enter(ctx, "eve", "agents/3"); !errors.Is(err, ErrPaused) {
			t.Errorf("a run was let in: %v", err)
		}
		if _, err := s.brake.Pull(ctx, "bob", operator); err != nil {
			t.Fatal(err)
		}
		resumed, err := s.operator.Resume(ctx, Everyone, op)
		slices.Sort(resumed.Tasks)
		if want := []string{"agents/1", "agents/3"}; !resumed.Changed || err != nil || !slices.Equal(resumed.Tasks, want) {
			t.Errorf("resumed %+v, %v; want %v, and not those of a user who is paused", resumed, err, want)
		}
	})
}

func TestPausesAndResumesThatCrossEndInTheStateOfTheLastOne(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newWorker(t, client), t.Context()
		var crossing sync.WaitGroup
		for worker := range 4 { // that begin runs as long as they are let
			crossing.Go(func() {
				for i := range 50 {
					run, pass, err := s.guard.Enter(ctx, "ada", fmt.Sprintf("agents/%d-%d", worker, i))
					if errors.Is(err, ErrPaused) || errors.Is(err, ErrResumed) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if i%2 == 0 { // half of them run until they are stopped, or for a while
						select {
						case <-run.Done():
						case <-time.After(5 * time.Millisecond):
						}
					}
					pass.Leave(run.Err() != nil)
				}
			})
		}
		for range 3 {
			crossing.Go(func() {
				for range 20 {
					if _, err := s.operator.Pause(ctx, "ada", op); err != nil {
						t.Error(err)
					}
					if _, err := s.operator.Resume(ctx, "ada", op); err != nil {
						t.Error(err)
					}
				}
			})
		}
		crossing.Wait()
		for _, end := range []struct {
			do   func() error
			want State
		}{
			{func() error { _, err := s.operator.Pause(ctx, "ada", op); return err }, Paused},
			{func() error { _, err := s.operator.Resume(ctx, "ada", op); return err }, Running},
		} {
			if err := end.do(); err != nil {
				t.Fatal(err)
			}
			if status, err := s.brake.Look(ctx, "ada"); err != nil || status.State != end.want || len(status.Runs) > 0 {
				t.Errorf("status %+v, %v; want %s and nothing running", status, err, end.want)
			}
		}
		// The latest are kept, and none of them is left out.
		latest := s.status("ada").Seq
		told, err := s.brake.events.Read(ctx, "ada", latest-100, 200)
		if err != nil || len(told) != int(min(latest, 100)) {
			t.Fatalf("%d events are kept, %v; the latest is number %d", len(told), err, latest)
		}
		for i, e := range told {
			var event struct{ Seq int64 }
			want := latest - int64(len(told)-1-i)
			if err := json.Unmarshal([]byte(e.JSON), &event); err != nil || e.Seq != want || event.Seq != want {
				t.Fatalf("event %+v, %v; want number %d", e, err, want)
			}
		}
	})
}

// lateAnswers holds up the answer to the next pipeline, once armed, until it is let go.
type lateAnswers struct {
	armed        atomic.Bool
	read, letOut chan struct{}
}

func (l *lateAnswers) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (l *lateAnswers) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (l *lateAnswers) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		err := next(ctx, all)
		if l.armed.CompareAndSwap(true, false) {
			close(l.read)
			<-l.letOut
		}
		return err
	}
}

func TestARunLetInAfterAResumeIsNotStoppedByWhatWasReadBefore(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, late := t.Context(), &lateAnswers{read: make(chan struct{}), letOut: make(chan struct{})}
		client.AddHook(late)
		brake := newBrake(client)
		guard := NewGuard(brake, zap.NewNop())
		before, pass, err := guard.Enter(ctx, "ada", "agents/1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := brake.Pull(ctx, "ada", operator); err != nil {
			t.Fatal(err)
		}
		late.armed.Store(true)
		var stopping sync.WaitGroup
		stopping.Go(func() {
			if err := guard.stop(ctx, "ada"); err != nil {
				t.Error(err)
			}
		})
		<-late.read
		if _, err := brake.Release(ctx, "ada", operator); err != nil {
			t.Fatal(err)
		}
		after, _, err := guard.Enter(ctx, "ada", "agents/2")
		if err != nil {
			t.Fatal(err)
		}
		close(late.letOut)
		stopping.Wait()
		if !errors.Is(context.Cause(before), ErrPaused) {
			t.Errorf("the run from before the pause: %v, want it stopped", context.Cause(before))
		}
		if after.Err() != nil {
			t.Errorf("the run from after the resume was stopped: %v", context.Cause(after))
		}
		if !pass.Leave(true) {
			t.Error("a run that parks after the resume is not told of it")
		}
	})
}
