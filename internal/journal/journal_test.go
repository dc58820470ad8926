package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a store and guards that let runs in.
type desk struct {
	t     *testing.T
	store *Store
	brake *control.Brake
	redis redis.UniversalClient
}

func newDesk(t *testing.T, client redis.UniversalClient) *desk {
	t.Helper()
	brake := control.NewBrake(client, "p:", events.NewLog(client, "p:", "test"))
	return &desk{t: t, redis: client, brake: brake, store: NewStore(client, brake, "p:")}
}

var run = Run{User: "ada", Task: "agents/1", ID: "r"}

// attempt lets an attempt of the run in, as on a worker of its own, and opens its journal.
func (d *desk) attempt(number int) (*Journal, control.Pass) {
	d.t.Helper()
	guard := control.NewGuard(d.brake, zap.NewNop())
	_, pass, err := guard.Enter(d.t.Context(), run.User, run.Task)
	if err != nil {
		d.t.Fatal(err)
	}
	j, err := d.store.Open(d.t.Context(), pass, run.ID, number)
	if err != nil {
		d.t.Fatal(err)
	}
	return j, pass
}

// do does a step whose result is its name, and reports whether it was done now.
func (d *desk) do(j *Journal, name string, effect bool) bool {
	d.t.Helper()
	now := false
	result, err := j.Do(d.t.Context(), name, effect, func(context.Context) (json.RawMessage, error) {
		now = true
		return json.Marshal(name)
	})
	if err != nil || string(result) != fmt.Sprintf("%q", name) {
		d.t.Fatalf("step %s: %s, %v", name, result, err)
	}
	return now
}

func TestAFinishedStepIsNotDoneAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		first, _ := d.attempt(1)
		if !d.do(first, "search", false) || !d.do(first, "mail", true) {
			t.Error("a new step was not done")
		}
		if _, begins, err := first.Begin(ctx, "read", false); err != nil || !begins {
			t.Fatal(begins, err)
		}
		// The first worker is killed here.
		second, _ := d.attempt(2)
		if _, doubt := second.Undecided(); doubt || len(second.Finished()) != 2 {
			t.Errorf("finished %+v, in doubt %v", second.Finished(), doubt)
		}
		if d.do(second, "search", false) || d.do(second, "mail", true) || !d.do(second, "read", false) {
			t.Error("a finished step was done again, or the one that was cut off was not")
		}
		if err := second.End(ctx, json.RawMessage(`{"found":2}`), time.Hour); err != nil {
			t.Fatal(err)
		}
		third, _ := d.attempt(3)
		if result, ended := third.Ended(); !ended || string(result) != `{"found":2}` {
			t.Errorf("the run ended %v with %s", ended, result)
		}
		h, err := d.store.Read(ctx, run)
		if err != nil || len(h.Attempts) != 2 || h.Steps[2].Begins != 2 || h.Steps[2].Attempt != 2 || h.Steps[2].Ended.Before(h.Steps[2].Began) {
			t.Errorf("history %+v, %v", h, err)
		}
		kept, err := client.PTTL(ctx, d.store.key(run)).Result()
		if err != nil || kept > keptEnded+time.Hour || kept < keptEnded {
			t.Errorf("an ended journal is kept for %s, %v", kept, err)
		}
	})
}

func TestEachStepOfAnAttemptIsASpan(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		spans := tracetest.NewInMemoryExporter()
		ctx, _ := telemetry.Begin(t.Context(), telemetry.To(sdktrace.WithSyncer(spans)), trace.SpanKindInternal, "attempt")
		d := newDesk(t, client)
		for number := 1; number <= 2; number++ {
			j, _ := d.attempt(number)
			_, err := j.Do(ctx, "search", false, func(inner context.Context) (json.RawMessage, error) {
				_, span := telemetry.Start(inner, trace.SpanKindInternal, "look")
				span.End()
				return json.RawMessage("1"), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, begins, err := j.Begin(ctx, "mail", false); err != nil || !begins {
				t.Fatal(begins, err)
			}
			if number == 2 {
				if err := j.Undone(ctx, "mail", "no paper"); err != nil {
					t.Fatal(err)
				}
			}
			j.Close()
		}
		// What the second attempt did not do again is not told again.
		var ended []string
		for _, s := range spans.GetSpans() {
			said := s.Name + " " + s.Status.Code.String()
			for _, a := range s.Attributes {
				said += " " + a.Value.String()
			}
			ended = append(ended, said)
		}
		want := []string{"look Unset", "step search Unset search false", "step mail Error mail false not_ended", "step mail Error mail false undone"}
		if !slices.Equal(ended, want) {
			t.Errorf("spans %q, want %q", ended, want)
		}
		if all := spans.GetSpans(); all[0].Parent.SpanID() != all[1].SpanContext.SpanID() {
			t.Error("what a step does is not told within it")
		}
	})
}

func TestOfTwoAttemptsOnlyTheLaterOneWrites(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		first, _ := d.attempt(1)
		if _, _, err := first.Begin(ctx, "mail", true); err != nil {
			t.Fatal(err)
		}
		second, _ := d.attempt(2) // the lease of the first was lost, and it does not know
		for name, write := range map[string]func() error{
			"begin": func() error { _, _, err := first.Begin(ctx, "search", false); return err },
			"done":  func() error { return first.Done(ctx, "mail", nil) },
			"end":   func() error { return first.End(ctx, nil, time.Hour) },
		} {
			if err := write(); !errors.Is(err, ErrSuperseded) {
				t.Errorf("%s of the earlier attempt: %v, want ErrFenced", name, err)
			}
		}
		if step, doubt := second.Undecided(); !doubt || step.Name != "mail" {
			t.Errorf("in doubt %v, %+v", doubt, step)
		}
		if !d.do(second, "search", false) {
			t.Error("the later attempt could not go on")
		}
	})
}

func TestNoStepBeginsWhileTheBrakeIsOn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for _, paused := range []string{"ada", control.Everyone} {
			d, ctx := newDesk(t, client), t.Context()
			j, pass := d.attempt(1)
			if _, begins, err := j.Begin(ctx, "mail to "+paused, true); err != nil || !begins {
				t.Fatal(begins, err)
			}
			if _, err := d.brake.Pull(ctx, paused, control.Order{}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := j.Begin(ctx, "search", false); !errors.Is(err, control.ErrPaused) {
				t.Errorf("%s is paused, and a step began: %v", paused, err)
			}
			canceled, cancel := context.WithCancel(ctx)
			cancel()
			if err := j.Done(canceled, "mail to "+paused, nil); err != nil {
				t.Errorf("%s is paused, and what was done is not written: %v", paused, err)
			}
			pass.Leave(true)
			if _, err := d.brake.Release(ctx, paused, control.Order{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestALostAttemptThatComesBackAsksNobody(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		lost, _ := d.attempt(1)
		if _, _, err := lost.Begin(ctx, "mail", true); err != nil {
			t.Fatal(err)
		}
		_, next := d.attempt(2)
		if err := lost.Tell(ctx, "mail"); !errors.Is(err, ErrSuperseded) {
			t.Errorf("the lost attempt asks while the next one runs: %v", err)
		}
		next.Leave(false)
		if err := lost.Tell(ctx, "mail"); !errors.Is(err, ErrSuperseded) {
			t.Errorf("the lost attempt asks after the next one: %v", err)
		}
		if s, err := d.brake.Look(ctx, "ada"); err != nil || len(s.Waits) > 0 {
			t.Errorf("status %+v, %v; want nothing to wait", s, err)
		}
	})
}

func TestAPersonDecidesAboutAStepInDoubt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		if _, err := d.store.Decide(ctx, run, Verdict{Decision: control.Approved}); !errors.Is(err, ErrDecided) {
			t.Errorf("a decision nobody waits for: %v", err)
		}
		j, _ := d.attempt(1)
		if _, _, err := j.Begin(ctx, "mail", true); err != nil {
			t.Fatal(err)
		}
		j, pass := d.attempt(2)
		if err := j.Tell(ctx, "mail"); err != nil {
			t.Fatal(err)
		}
		pass.Leave(false)
		if s, err := d.brake.Look(ctx, "ada"); err != nil || s.Waits["agents/1"] != "mail" {
			t.Errorf("status %+v, %v; want to see what waits", s, err)
		}
		if step, err := d.store.Decide(ctx, run, Verdict{Decision: control.Approved}); err != nil || step != "mail" {
			t.Fatal(step, err)
		}
		if s, err := d.brake.Look(ctx, "ada"); err != nil || len(s.Waits) > 0 {
			t.Errorf("status %+v, %v; want nothing to wait", s, err)
		}
		j, _ = d.attempt(3)
		if _, begins, err := j.Begin(ctx, "mail", true); err != nil || !begins {
			t.Errorf("an approved step: begins %v, %v", begins, err)
		}
		j, _ = d.attempt(4)
		if step, doubt := j.Undecided(); !doubt {
			t.Errorf("cut off again it is not in doubt: %+v", step)
		}
		if _, err := d.store.Decide(ctx, run, Verdict{Decision: control.Rejected, Result: json.RawMessage(`{"id":7}`)}); err != nil {
			t.Fatal(err)
		}
		j, _ = d.attempt(5)
		if step, begins, err := j.Begin(ctx, "mail", true); err != nil || begins || step.State != Rejected || string(step.Result) != `{"id":7}` {
			t.Errorf("a rejected step: %+v, begins %v, %v", step, begins, err)
		}
	})
}

func TestAStepThatWasCertainlyNotDoneBeginsAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		refused := errors.New("mailbox full")
		fail := func(err error) func(context.Context) (json.RawMessage, error) {
			return func(context.Context) (json.RawMessage, error) { return nil, err }
		}
		if _, err := j.Do(ctx, "mail", true, fail(NotDone(refused))); !errors.Is(err, refused) {
			t.Error(err)
		}
		j, _ = d.attempt(2)
		if _, doubt := j.Undecided(); doubt || !d.do(j, "mail", true) {
			t.Error("it is in doubt, or was not done")
		}
		if _, err := j.Do(ctx, "post", true, fail(refused)); !errors.Is(err, refused) {
			t.Error(err)
		}
		if step, doubt := j.Undecided(); !doubt || step.Name != "post" {
			t.Errorf("an effect that failed for no known reason: %+v, in doubt %v", step, doubt)
		}
	})
}

func TestADamagedJournalIsNotTrusted(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		key := d.store.key(run)
		for name, damage := range map[string]func(entries []string){
			"a changed result": func(entries []string) {
				client.LSet(ctx, key, 0, strings.Replace(entries[0], "search", "resign", 1))
			},
			"a changed time":    func(entries []string) { client.LSet(ctx, key, 0, "1"+entries[0]) },
			"a removed entry":   func(entries []string) { client.LRem(ctx, key, 1, entries[0]) },
			"an entry of words": func([]string) { client.LSet(ctx, key, 1, "it was me") },
			"an empty entry":    func([]string) { client.LSet(ctx, key, 1, "") },
			"exchanged entries": func(entries []string) {
				client.LSet(ctx, key, 0, entries[1])
				client.LSet(ctx, key, 1, entries[0])
			},
		} {
			client.Del(ctx, key)
			j, pass := d.attempt(1)
			d.do(j, "search", false)
			d.do(j, "read", false)
			entries, err := client.LRange(ctx, key, 0, -1).Result()
			if err != nil {
				t.Fatal(err)
			}
			damage(entries)
			if _, err := d.store.Open(ctx, pass, run.ID, 2); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %v, want ErrDamaged", name, err)
			}
		}
	})
}

func TestWhatAJournalDoesNotTakeIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		d.do(j, "search", false)
		if _, _, err := j.Begin(ctx, "read", false); err != nil {
			t.Fatal(err)
		}
		for want, write := range map[string]func() error{
			`a step has no name: give it one, such as "send mail"`:                                                                       func() error { _, _, err := j.Begin(ctx, "", false); return err },
			`step "aaaaaaaaaaaaaaaaaaaa"… has a name of 201 bytes: at most 200 are allowed`:                                              func() error { return j.Done(ctx, strings.Repeat("a", 201), nil) },
			`step "a\nb": leave control characters out of its name`:                                                                      func() error { _, _, err := j.Begin(ctx, "a\nb", false); return err },
			`step "read" has begun and is not done: end it first, or give steps names of their own`:                                      func() error { _, _, err := j.Begin(ctx, "read", false); return err },
			`step "search" is finished already: give steps names of their own`:                                                           func() error { return j.Done(ctx, "search", nil) },
			`the result of step "big" has 1048577 bytes, at most 1048576 are kept: store the data and return a reference`:                func() error { return j.Done(ctx, "big", json.RawMessage(strings.Repeat(" ", maxResult+1))) },
			`step "bad": the result is not JSON: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input`: func() error { return j.Done(ctx, "bad", json.RawMessage("{")) },
		} {
			if err := write(); fmt.Sprint(err) != want || !tasks.IsPermanent(err) {
				t.Errorf("%v, want %q and permanent", err, want)
			}
		}
		// What was refused has left nothing behind.
		if h, err := d.store.Read(ctx, run); err != nil || len(h.Steps) != 2 {
			t.Errorf("history %+v, %v", h, err)
		}
		filler := make([]any, maxEntries)
		for i := range filler {
			filler[i] = "x"
		}
		client.RPush(ctx, d.store.key(run), filler...)
		if _, _, err := j.Begin(ctx, "one more", false); !errors.Is(err, ErrFull) || !tasks.IsPermanent(err) {
			t.Errorf("a full journal: %v, want ErrFull", err)
		}
	})
}

func TestARunWithoutStepsLeavesNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		if err := j.End(ctx, json.RawMessage("1"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if n, err := client.Exists(ctx, d.store.key(run)).Result(); n != 0 || err != nil {
			t.Errorf("%d journals, %v", n, err)
		}
	})
}

func TestAShortOutageIsWaitedOut(t *testing.T) {
	server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
	client, refused := redistest.Client(t, server.Addr), make(redistest.Refusals)
	client.AddHook(refused)
	d := newDesk(t, client)
	j, _ := d.attempt(1)
	d.do(j, "search", false)
	revived := make(chan error, 1)
	outage := func() {
		server.Stop()
		go func() {
			for range 3 { // longer than one try
				<-refused
			}
			revived <- server.Start()
		}()
	}
	outage()
	if !d.do(j, "mail", true) {
		t.Error("the step was not done")
	}
	if err := <-revived; err != nil {
		t.Fatal(err)
	}
	outage()
	if err := j.Done(t.Context(), "read", nil); err != nil {
		t.Error(err)
	}
	if err := <-revived; err != nil {
		t.Fatal(err)
	}
	if h, err := d.store.Read(t.Context(), run); err != nil || len(h.Steps) != 3 {
		t.Errorf("history %+v, %v", h, err)
	}
}

func TestAStepThatNeedsApprovalBeginsOnceAPersonHasSaidSo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		var waits *UndecidedError
		j, pass := d.attempt(1)
		if err := j.Approval(ctx, "mail", json.RawMessage(`{"to":"bob"}`)); !errors.As(err, &waits) || string(waits.Step.Input) != `{"to":"bob"}` {
			t.Fatalf("error %v, want that it waits, and with what", err)
		}
		if _, _, err := j.Begin(ctx, "mail", true); !errors.As(err, &waits) {
			t.Errorf("it began: %v", err)
		}
		pass.Leave(false)
		j, pass = d.attempt(2)
		if step, undecided := j.Undecided(); !undecided || step.Name != "mail" || step.InDoubt() {
			t.Errorf("undecided %v, %+v", undecided, step)
		}
		pass.Leave(false)
		if _, err := d.store.Decide(ctx, run, Verdict{Decision: control.Approved}); err != nil {
			t.Fatal(err)
		}
		j, _ = d.attempt(3)
		if err := j.Approval(ctx, "mail", nil); err != nil || !d.do(j, "mail", true) {
			t.Errorf("approved: %v", err)
		}
		if err := j.Approval(ctx, "mail", nil); err != nil || d.do(j, "mail", true) {
			t.Errorf("done: %v", err)
		}
	})
}
