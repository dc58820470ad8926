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

	"switchyard/internal/redistest"
)

// fakeRunner notes the tasks it is to run. Those that are ending it refuses at first.
type fakeRunner struct {
	mu     sync.Mutex
	ending map[string]int
	ran    []string
}

func (r *fakeRunner) Unpark(_ context.Context, queue, id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	task := queue + "/" + id
	if r.ending[task] > 0 {
		r.ending[task]--
		return false, nil
	}
	r.ran = append(r.ran, task)
	return true, nil
}

// site is a guard that watches, and an operator.
type site struct {
	t        *testing.T
	client   redis.UniversalClient
	guard    *Guard
	operator *Operator
	runner   *fakeRunner
	runs     sync.WaitGroup
}

func newSite(t *testing.T, client redis.UniversalClient) *site {
	t.Helper()
	brake, runner := NewBrake(client, "p:"), &fakeRunner{ending: map[string]int{}}
	s := &site{t: t, client: client, runner: runner, guard: NewGuard(brake, runner, zap.NewNop())}
	s.operator = &Operator{Brake: brake, Bus: NewBus(client), Runner: runner, Patience: 20 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { s.guard.Watch(ctx) })
	t.Cleanup(func() { cancel(); watching.Wait(); s.runs.Wait() })
	// It listens once a message is heard.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if n, err := client.Publish(t.Context(), "agent:resume:nobody", "x").Result(); n > 0 && err == nil {
			return s
		}
		if _, cluster := client.(*redis.ClusterClient); cluster || time.Now().After(deadline) {
			return s // a cluster counts only listeners at one node
		}
	}
}

// enter begins a run that leaves, parked, once its context has ended. ended gets the cause.
func (s *site) enter(user, task string) (ended chan error) {
	s.t.Helper()
	ctx, pass, err := s.guard.Enter(s.t.Context(), user, task)
	if err != nil {
		s.t.Fatal(err)
	}
	ended = make(chan error, 1)
	s.runs.Go(func() {
		<-ctx.Done()
		pass.Leave(errors.Is(context.Cause(ctx), ErrPaused))
		ended <- context.Cause(ctx)
	})
	return ended
}

func (s *site) wantPaused(ended chan error) {
	s.t.Helper()
	select {
	case cause := <-ended:
		if !errors.Is(cause, ErrPaused) {
			s.t.Errorf("the run ended with %v, want ErrPaused", cause)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatal("the run did not end")
	}
}

func TestAPauseEndsTheRunsOfItsUserAndSaysSo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newSite(t, client), t.Context()
		one, two, other := s.enter("ada", "agents/1"), s.enter("ada", "agents/2"), s.enter("bob", "agents/3")
		receipt, err := s.operator.Pause(ctx, "ada")
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
		changed, resumed, err := s.operator.Resume(ctx, "ada")
		slices.Sort(resumed)
		if want := []string{"agents/1", "agents/2", "agents/4"}; !changed || err != nil || !slices.Equal(resumed, want) {
			t.Errorf("resumed %v, changed %v, %v; want %v", resumed, changed, err, want)
		}
		if status, err := s.operator.Brake.Look(ctx, "ada"); err != nil || status.State != Running {
			t.Errorf("status %+v, %v; want running", status, err)
		}
		if _, err := s.operator.Pause(ctx, "bob"); err != nil {
			t.Error(err)
		}
	})
}

func TestARunThatDoesNotStopIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newSite(t, client), t.Context()
		_, pass, err := s.guard.Enter(ctx, "ada", "agents/deaf")
		if err != nil {
			t.Fatal(err)
		}
		s.operator.Patience = 100 * time.Millisecond
		receipt, err := s.operator.Pause(ctx, "ada")
		if err != nil || receipt.State != Partial || !slices.Equal(receipt.Unconfirmed, []string{"agents/deaf"}) {
			t.Errorf("receipt %+v, %v; want it named", receipt, err)
		}
		pass.Leave(true)
		if status, err := s.operator.Brake.Look(ctx, "ada"); err != nil || status.State != Paused {
			t.Errorf("status %+v, %v; want paused once it has stopped", status, err)
		}
	})
}

func TestTheRunsOfAProcessThatIsGoneDoNotHoldUpAPause(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		step(t, s.operator.Brake, "enter", "ada", "agents/1", "gone/1")
		receipt, err := s.operator.Pause(t.Context(), "ada")
		if err != nil || receipt.State != Paused || receipt.Took > 15*time.Second {
			t.Errorf("receipt %+v, %v; want it paused at once", receipt, err)
		}
	})
}

func TestSomebodyElsesMessagesAreObeyed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newSite(t, client), t.Context()
		like := `{"version":1,"type":"brake","user":"ada","seq":1,"at":"2026-11-23T13:20:04.311Z","state":"paused","running":0,"parked":3%s}`
		for _, body := range []string{"", "stop!", `{"reason":"too loud"}`, `[]`, fmt.Sprintf(like, ""), fmt.Sprintf(like, `,"mark":"X"`), fmt.Sprintf(like, `,"mark":7`)} {
			ended := s.enter("ada", "agents/1")
			if _, err := s.operator.Bus.Publish(ctx, Pause, "ada", body); err != nil {
				t.Fatal(err)
			}
			s.wantPaused(ended)
			if held, err := s.operator.Brake.Held(ctx, []string{"ada"}); err != nil || !held[0] {
				t.Errorf("after %q held is %v, %v", body, held, err)
			}
			if _, err := s.operator.Bus.Publish(ctx, Resume, "ada", body); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(20 * time.Second); ; {
				status, err := s.operator.Brake.Look(ctx, "ada")
				if err == nil && status.State == Running {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("after %q: %+v, %v; want it running", body, status, err)
				}
			}
		}
	})
}

// deafRedis fails what a guard asks of Redis, but for what is published, while it is set.
type deafRedis struct {
	set    atomic.Bool
	failed chan struct{}
}

func (d *deafRedis) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *deafRedis) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !d.set.Load() || cmd.Name() == "publish" {
			return next(ctx, cmd)
		}
		select {
		case d.failed <- struct{}{}:
		default:
		}
		cmd.SetErr(errors.New("no answer"))
		return cmd.Err()
	}
}

func (d *deafRedis) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if d.set.Load() {
			return errors.New("no answer")
		}
		return next(ctx, cmds)
	}
}

func TestAWishThatRedisDoesNotTakeIsObeyedLater(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		deaf := &deafRedis{failed: make(chan struct{}, 1)}
		client.AddHook(deaf)
		s, ctx := newSite(t, client), t.Context()
		ended := s.enter("bob", "agents/1")
		step(t, s.operator.Brake, "enter", "ada", "agents/2", "gone/1")
		deaf.set.Store(true)
		for _, user := range []string{"ada", "bob"} {
			if _, err := s.operator.Bus.Publish(ctx, Pause, user, "stop!"); err != nil {
				t.Fatal(err)
			}
		}
		<-deaf.failed // the guard has tried, for ada
		deaf.set.Store(false)
		s.wantPaused(ended)
		for deadline := time.Now().Add(20 * time.Second); ; {
			if held, err := s.operator.Brake.Held(ctx, []string{"ada"}); err == nil && held[0] {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("ada was not paused")
			}
		}
	})
}

func TestAPauseThatNobodyHeardIsFound(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		ended := s.enter("ada", "agents/1")
		client.HSet(t.Context(), s.operator.Brake.key("ada", "brake"), "on", "1", "state", "pausing")
		s.wantPaused(ended)
	})
}

func TestEveryoneIsPausedAndResumedAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newSite(t, client), t.Context()
		one, two := s.enter("ada", "agents/1"), s.enter("bob", "agents/2")
		receipt, err := s.operator.PauseAll(ctx)
		slices.Sort(receipt.Found)
		if err != nil || receipt.State != Paused || !slices.Equal(receipt.Found, []string{"agents/1", "agents/2"}) || receipt.Parked != 2 {
			t.Errorf("receipt %+v, %v; want both users' runs stopped", receipt, err)
		}
		s.wantPaused(one)
		s.wantPaused(two)
		if _, _, err := s.guard.Enter(ctx, "eve", "agents/3"); !errors.Is(err, ErrPaused) {
			t.Errorf("a run was let in: %v", err)
		}
		if _, _, err := s.operator.Brake.Pull(ctx, "bob", 0); err != nil {
			t.Fatal(err)
		}
		changed, resumed, err := s.operator.ResumeAll(ctx)
		slices.Sort(resumed)
		if want := []string{"agents/1", "agents/3"}; !changed || err != nil || !slices.Equal(resumed, want) {
			t.Errorf("resumed %v, changed %v, %v; want %v, and not those of a user who is paused", resumed, changed, err, want)
		}
	})
}

func TestPausesAndResumesThatCrossEndInTheStateOfTheLastOne(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newSite(t, client), t.Context()
		events, err := s.operator.Bus.Subscribe(ctx, Status, "ada")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = events.Close() }()
		var crossing sync.WaitGroup
		for worker := range 4 { // that begin runs as long as they are let
			crossing.Go(func() {
				for i := range 50 {
					run, pass, err := s.guard.Enter(ctx, "ada", fmt.Sprintf("agents/%d-%d", worker, i))
					if errors.Is(err, ErrPaused) {
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
					if _, err := s.operator.Pause(ctx, "ada"); err != nil {
						t.Error(err)
					}
					if _, _, err := s.operator.Resume(ctx, "ada"); err != nil {
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
			{func() error { _, err := s.operator.Pause(ctx, "ada"); return err }, Paused},
			{func() error { _, _, err := s.operator.Resume(ctx, "ada"); return err }, Running},
		} {
			if err := end.do(); err != nil {
				t.Fatal(err)
			}
			if status, err := s.operator.Brake.Look(ctx, "ada"); err != nil || status.State != end.want || len(status.Runs) > 0 {
				t.Errorf("status %+v, %v; want %s and nothing running", status, err, end.want)
			}
		}
		status, err := s.operator.Brake.Look(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		for seq := int64(1); seq <= status.Seq; seq++ {
			text, err := events.Receive(ctx)
			var event struct{ Seq int64 }
			if err == nil {
				err = json.Unmarshal([]byte(text), &event)
			}
			if err != nil || event.Seq != seq {
				t.Fatalf("event %s, %v; want number %d", text, err, seq)
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
		brake := NewBrake(client, "p:")
		guard := NewGuard(brake, &fakeRunner{}, zap.NewNop())
		before, pass, err := guard.Enter(ctx, "ada", "agents/1")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := brake.Pull(ctx, "ada", 0); err != nil {
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
		if _, _, err := brake.Release(ctx, "ada", 0); err != nil {
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
