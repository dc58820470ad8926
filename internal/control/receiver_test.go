package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/audit"
	"switchyard/test/redistest"
)

func TestSomebodyElsesMessagesAreObeyed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWorker(t, client)
		status := `{"version":1,"type":"brake","user":"ada","seq":1,"at":"2026-11-23T13:20:04.311Z","state":"paused","running":0,"parked":3}`
		for _, user := range []string{"ada", "auth0|64af", "user:1", "a b/ä", "*star*"} {
			for _, body := range []string{"", "stop!", `{"reason":"too loud"}`, `[]`, status, `{"mark":7}`, `{"mark":""}`} {
				ended := w.enter(user, "agents/1")
				w.publish(Pause, user, body)
				w.wantPaused(ended)
				w.awaitState(user, Paused)
				w.publish(Resume, user, body)
				w.awaitState(user, Running)
			}
		}
	})
}

func TestAMessageWithAMarkIsNobodysWish(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWorker(t, client)
		if _, err := w.operator.Pause(t.Context(), "eve", op); err != nil {
			t.Fatal(err)
		}
		like := `{"version":1,"type":"brake","user":"ada","seq":1,"at":"2026-11-23T13:20:04.311Z",%s"state":"paused","running":0,"parked":3,"mark":"X"}`
		for _, deployment := range []string{"", `"deployment":"another",`, `"deployment":"test",`} {
			w.publish(Pause, "ada", fmt.Sprintf(like, deployment))
			w.publish(Resume, "eve", fmt.Sprintf(like, deployment))
		}
		w.publish(Pause, "bob", "stop!") // messages are obeyed in order
		w.awaitState("bob", Paused)
		if ada, eve := w.status("ada").State, w.status("eve").State; ada != Running || eve != Paused {
			t.Errorf("ada is %s and eve %s: what another deployment told was taken for a request", ada, eve)
		}
	})
}

func TestWhoDoesNotObeyTheChannelsLeavesThemAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := idleWorker(t, client)
		w.receiver.owner = owner(false)
		if err := w.receiver.receive(t.Context(), message{channel: Pause, user: "ada"}); err != nil {
			t.Fatal(err)
		}
		if state := w.status("ada").State; state != Running || len(w.receiver.requests) > 0 {
			t.Errorf("ada is %s, and %d requests are left", state, len(w.receiver.requests))
		}
	})
}

// hearsOf has a worker hear a message now, and fails the test if it cannot be obeyed.
func (w *worker) hearsOf(m message) {
	w.t.Helper()
	if err := w.receiver.receive(w.t.Context(), m); err != nil {
		w.t.Fatal(err)
	}
	w.receiver.wait()
}

func TestAWorkerThatHearsLateUndoesNoNewerDecision(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		prompt, late := idleWorker(t, client), idleWorker(t, client)
		for _, w := range []*worker{prompt, late} {
			if err := w.receiver.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		requests := []message{{channel: Pause, user: "ada"}, {channel: Resume, user: "ada"}, {channel: Pause, user: "ada"}}
		for _, m := range requests {
			prompt.hearsOf(m)
		}
		before := prompt.status("ada")
		for i, m := range requests {
			late.hearsOf(m)
			if after := late.status("ada"); after.State != Paused || after.Seq != before.Seq {
				t.Fatalf("after message %d heard late: %+v, want it as it was: %+v", i+1, after, before)
			}
		}
		_, r, _, err := prompt.brake.do(t.Context(), "look", "ada")
		if err != nil {
			t.Fatal(err)
		}
		// Once it has heard of that decision, it may obey what comes after.
		late.hearsOf(message{channel: Pause, user: "ada", told: true, deployment: "test", decision: r.decision})
		late.hearsOf(message{channel: Resume, user: "ada"})
		if s := late.status("ada"); s.State != Running {
			t.Errorf("a resume after it: %+v, want running", s)
		}
	})
}

func TestAResumeThatManyHearRunsEachParkedTaskOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const parked = 250
		workers := make([]*worker, 10)
		for i := range workers {
			workers[i] = idleWorker(t, client)
			if err := workers[i].receiver.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		workers[0].hearsOf(message{channel: Pause, user: "ada"})
		var want []string
		for i := range parked {
			task := fmt.Sprintf("agents/%03d", i)
			want = append(want, task)
			step(t, workers[0].brake, "enter", "ada", task, "w/1", task)
		}
		_, r, _, err := workers[0].brake.do(t.Context(), "look", "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range workers {
			w.receiver.learn("ada", r.decision)
			if err := w.receiver.receive(t.Context(), message{channel: Resume, user: "ada"}); err != nil {
				t.Fatal(err)
			}
		}
		var ran []string
		for _, w := range workers {
			w.receiver.wait()
			ran = append(ran, w.runner.ran...)
		}
		slices.Sort(ran)
		if !slices.Equal(ran, want) {
			t.Errorf("%d tasks ran, want each of %d once", len(ran), parked)
		}
		if s := workers[0].status("ada"); s.State != Running || s.Parked != 0 {
			t.Errorf("status %+v, want running and nothing parked", s)
		}
		records, err := workers[0].operator.Audit.(*audit.Log).Read(t.Context(), "ada", 10)
		if err != nil || len(records) != 2 || records[0].Did != "resume" || records[1].Did != "pause" {
			t.Errorf("audited %+v, %v; want one pause and one resume", records, err)
		}
	})
}

func TestWhatCannotBeObeyedIsToldToWhoeverAsked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := newWorker(t, client), t.Context()
		for user, why := range map[string]string{
			"a\nb": `user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks`,
			"*":    `user "*" stands for everyone: give the id of one user`,
			"":     `field "user" is empty: give a user id`,
		} {
			told := client.Subscribe(ctx, "agent:status:"+user)
			if _, err := told.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			w.publish(Pause, user, "stop!")
			m, err := told.ReceiveMessage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got refusal
			want := refusal{1, "refused", user, "test", Pause, why}
			if err := json.Unmarshal([]byte(m.Payload), &got); err != nil || got != want {
				t.Errorf("told %s, %v; want %+v", m.Payload, err, want)
			}
			if err := told.Close(); err != nil {
				t.Error(err)
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
		w := newWorker(t, client)
		ended := w.enter("bob", "agents/1")
		deaf.set.Store(true)
		for _, user := range []string{"ada", "bob"} {
			w.publish(Pause, user, "stop!")
		}
		<-deaf.failed // the worker has tried, for ada
		deaf.set.Store(false)
		w.wantPaused(ended)
		w.awaitState("ada", Paused)
	})
}
