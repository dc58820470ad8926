package switchyard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// errand is a task whose handler does what the test wants.
type errand struct {
	Does string `json:"does"`
	User string `json:"user,omitempty"`
}

func (errand) Kind() string { return "errand" }

func (errand) Policy() Policy {
	return Policy{Retries: new(1), RetryDelay: new(10 * time.Millisecond), SoftLimit: new(300 * time.Millisecond), HardLimit: new(time.Minute)}
}

func TestWhatAHandlerReturnsDecidesWhatBecomesOfItsTask(t *testing.T) {
	var rested atomic.Bool
	run := func(ctx context.Context, task *Task, e errand) (any, error) {
		switch e.Does {
		case "succeed":
			return map[string]any{"attempt": task.Attempt, "last": task.Last, "kind": task.Kind}, nil
		case "fail":
			return nil, errors.New("boom")
		case "give up":
			return nil, Permanent(errors.New("in vain"))
		case "come back":
			if task.Attempt == 1 {
				return nil, RetryAfter(time.Millisecond, errors.New("not yet"))
			}
			return "back", nil
		case "rest":
			if rested.CompareAndSwap(false, true) {
				return nil, ParkedFor(time.Millisecond, "a rest")
			}
			return "rested", nil
		}
		<-ctx.Done()
		return nil, Permanent(fmt.Errorf("soft limit: %t", errors.Is(context.Cause(ctx), ErrSoftLimit)))
	}
	onRedis(t, func(t *testing.T, url string) {
		rested.Store(false)
		work(t, url, Define(run))
		c := open(t, url, KindOf[errand]())
		for does, want := range map[string]Status{
			"succeed":   {State: StateSucceeded, Result: []byte(`{"attempt":1,"kind":"errand","last":false}`)},
			"fail":      {State: StateFailed, LastError: "attempt 2, the last: boom"},
			"give up":   {State: StateFailed, LastError: "in vain"},
			"come back": {State: StateSucceeded, LastError: "not yet", Result: []byte(`"back"`)},
			"rest":      {State: StateSucceeded, Result: []byte(`"rested"`)},
			"dawdle":    {State: StateFailed, LastError: "soft limit: true"},
		} {
			got := outcome(t, c, errand{Does: does})
			if does == "rest" {
				got.LastError = "" // why it was parked
			}
			if got.State != want.State || got.LastError != want.LastError || string(got.Result) != string(want.Result) {
				t.Errorf("%s: %s, %q, %s, want %s, %q, %s", does, got.State, got.LastError, got.Result, want.State, want.LastError, want.Result)
			}
		}
	})
}

func TestAHandlerTellsItsProgressAndSendsFurtherTasks(t *testing.T) {
	run := func(ctx context.Context, task *Task, e errand) (any, error) {
		if e.Does == "follow" {
			return "followed", nil
		}
		if err := task.Progress(ctx, map[string]int{"done": 3}); err != nil {
			return nil, err
		}
		return task.Sender.Send(ctx, errand{Does: "follow"}, Options{ID: task.Run + ":next"})
	}
	onRedis(t, func(t *testing.T, url string) {
		work(t, url, Define(run))
		c := open(t, url, KindOf[errand]())
		first := outcome(t, c, errand{Does: "lead", User: "*"})
		var next Receipt
		if err := first.DecodeResult(&next); err != nil || string(first.Progress) != `{"done":3}` || next.ID != first.Run+":next" {
			t.Fatalf("first %+v, next %+v, %v", first, next, err)
		}
		if s, err := c.Wait(t.Context(), next.Name); err != nil || s.State != StateSucceeded || string(s.Result) != `"followed"` {
			t.Errorf("next %+v, %v", s, err)
		}
	})
}

func TestAUserHearsOfTheProgressOfTheirTasksAndNobodyElseDoes(t *testing.T) {
	run := func(ctx context.Context, task *Task, _ errand) (any, error) { return nil, task.Progress(ctx, 1) }
	onRedis(t, func(t *testing.T, url string) {
		work(t, url, Define(run))
		c := open(t, url, KindOf[errand]())
		for _, user := range []string{"*", "", "ada"} {
			if s := outcome(t, c, errand{User: user}); s.State != StateSucceeded {
				t.Fatalf("user %q: %+v", user, s)
			}
		}
		var told []string
		redis := redistest.Connect(t, whole(url))
		for _, user := range []string{"*", "ada"} {
			_, stream := c.system.Events.Keys(user)
			if n := redis.XLen(t.Context(), stream).Val(); n > 0 {
				told = append(told, fmt.Sprintf("%s %d", user, n))
			}
		}
		if !slices.Equal(told, []string{"ada 1"}) {
			t.Errorf("told %q, want ada alone", told)
		}
	})
}

func TestAHandlerCanBeTestedWithoutAWorker(t *testing.T) {
	task := &Task{}
	if err := task.Progress(t.Context(), "half"); err != nil {
		t.Error(err)
	}
	const want = "progress of task / has 16387 bytes: at most 16384 are kept: tell less"
	if err := task.Progress(t.Context(), string(slices.Repeat([]byte("x"), 16385))); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAHandlerLearnsThatItsTaskIsCancelled(t *testing.T) {
	onRedis(t, func(t *testing.T, url string) {
		began := make(chan struct{})
		work(t, url, Define(func(ctx context.Context, _ *Task, _ lasting) (any, error) {
			close(began)
			<-ctx.Done()
			return errors.Is(context.Cause(ctx), ErrCancelled), nil
		}))
		c := open(t, url, KindOf[lasting]())
		receipt, err := c.Send(t.Context(), lasting{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		<-began
		if err := c.Cancel(t.Context(), receipt.Name, ""); err != nil {
			t.Fatal(err)
		}
		s, err := c.Wait(t.Context(), receipt.Name)
		if err != nil || s.State != StateSucceeded || string(s.Result) != "true" {
			t.Errorf("status %+v, %v, want succeeded with true: the handler noticed, and was done", s, err)
		}
		if err := c.Cancel(t.Context(), receipt.Name, ""); err == nil || err.Error() != "task "+receipt.String()+" has succeeded already" {
			t.Errorf("cancelled again: %v", err)
		}
	})
}

// lasting is a task that ends when it is told to.
type lasting struct{}

func (lasting) Kind() string { return "lasting" }
