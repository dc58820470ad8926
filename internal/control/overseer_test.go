package control

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// oversee has a worker's overseer look at what is due.
func (w *worker) oversee() {
	w.t.Helper()
	if _, err := w.overseer.round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// pull pauses a user as a message does: nobody waits for what comes of it.
func (w *worker) pull(user string) {
	w.t.Helper()
	if changed, err := w.brake.Pull(w.t.Context(), user, operator); err != nil || !changed {
		w.t.Fatalf("changed %v, %v", changed, err)
	}
}

func TestAPauseByMessageIsConfirmedWithoutAWorkerThatIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for _, user := range []string{"ada", Everyone} {
			w := idleWorker(t, client)
			step(t, w.brake, "enter", user, "agents/1", "gone/1 eve", "eve")
			w.pull(user)
			if state := w.status(user).State; state != Pausing {
				t.Errorf("%s: %s, want pausing", user, state)
			}
			w.oversee()
			if s := w.status(user); s.State != Paused || len(s.Runs) > 0 {
				t.Errorf("%s: %+v, want paused", user, s)
			}
		}
	})
}

func TestARunThatDoesNotStopInTimeIsToldWhoeverPaused(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		_, pass, err := w.guard.Enter(ctx, "ada", "agents/deaf")
		if err != nil {
			t.Fatal(err)
		}
		w.pull("ada")
		w.oversee()
		if state := w.status("ada").State; state != Pausing {
			t.Errorf("before its time: %s, want pausing", state)
		}
		client.HIncrBy(ctx, w.brake.key("ada", "brake"), "since", -DefaultPatience.Milliseconds()) // 30 s later
		client.ZAdd(ctx, w.brake.watchedKey(), redis.Z{Member: "ada"})
		w.oversee()
		if state := w.status("ada").State; state != Partial {
			t.Errorf("after 30 s: %s, want partial", state)
		}
		pass.Leave(true)
		if state := w.status("ada").State; state != Paused {
			t.Errorf("once it has stopped: %s, want paused", state)
		}
	})
}

func TestWhatIsParkedGoesOnIfWhoeverResumedIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		w.pull("ada")
		for _, task := range []string{"agents/1", "agents/2"} {
			step(t, w.brake, "enter", "ada", task, "w/1", task)
		}
		_, r, err := w.brake.change(ctx, "release", "ada", operator)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, some, err := w.brake.do(ctx, "take", "ada", r.decision, 1, 0); err != nil || len(some) != 1 {
			t.Fatalf("taken %v, %v", some, err)
		}
		w.oversee()
		if len(w.runner.ran) > 0 {
			t.Errorf("ran %v: whoever resumed is not given time", w.runner.ran)
		}
		later := -resumeGrace.Milliseconds()
		client.HIncrBy(ctx, w.brake.key("ada", "brake"), "since", later)
		client.HIncrBy(ctx, w.brake.key("ada", "brake"), "handed", later)
		client.ZAdd(ctx, w.brake.watchedKey(), redis.Z{Member: "ada"})
		w.oversee() // one was handed out to somebody who is gone, one was not
		slices.Sort(w.runner.ran)
		if s := w.status("ada"); s.State != Running || !slices.Equal(w.runner.ran, []string{"agents/1", "agents/2"}) {
			t.Errorf("%s, ran %v; want running, and both", s.State, w.runner.ran)
		}
	})
}

func TestABrakeIsWatchedUntilItIsAtRest(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		watched := func() []string {
			t.Helper()
			users, err := w.brake.Watched(ctx)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(users)
			return users
		}
		w.pull("ada")
		if _, err := w.brake.Ask(ctx, Pass{User: "bob", Task: "agents/1"}, "pay"); err != nil {
			t.Fatal(err)
		}
		w.oversee()
		if got := watched(); !slices.Equal(got, []string{"ada", "bob"}) {
			t.Errorf("watched %v, want the paused one and the one who decides", got)
		}
		if c, err := w.brake.claimWatched(ctx, 10); err != nil || len(c.users) > 0 {
			t.Errorf("looked at again at once: %v, %v; want in %s", c.users, err, lookAtRest)
		}
		if _, err := w.brake.Release(ctx, "ada", operator); err != nil {
			t.Fatal(err)
		}
		w.runner.gone["agents/1"] = true
		client.ZAdd(ctx, w.brake.watchedKey(), redis.Z{Member: "bob"})
		w.oversee() // bob's task is found gone
		client.ZAdd(ctx, w.brake.watchedKey(), redis.Z{Member: "bob"})
		w.oversee()
		if got := watched(); len(got) > 0 {
			t.Errorf("watched %v, want nobody", got)
		}
	})
}

func TestAChangeThatIsNotInTheIndexIsWatchedByWhoeverHearsOfIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		step(t, w.brake, "enter", "ada", "agents/1", "gone/1", "agents/1")
		w.pull("ada")
		client.Del(ctx, w.brake.watchedKey()) // its master was away
		w.hearsOf(message{channel: Pause, user: "ada", told: true, deployment: "test", decision: 1})
		w.oversee()
		if s := w.status("ada"); s.State != Paused {
			t.Errorf("status %+v, want paused", s)
		}
	})
}

func TestALookThatIsOverLeavesANewerOneAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		if err := w.brake.watchFrom(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		c, err := w.brake.claimWatched(ctx, 10)
		if err != nil || !slices.Equal(c.users, []string{"ada"}) {
			t.Fatalf("claimed %v, %v", c.users, err)
		}
		if again, err := w.brake.claimWatched(ctx, 10); err != nil || len(again.users) > 0 {
			t.Errorf("claimed by another as well: %v, %v", again.users, err)
		}
		if err := w.brake.watchFrom(ctx, "ada"); err != nil { // she is paused meanwhile
			t.Fatal(err)
		}
		if err := w.brake.seen(ctx, c, "ada", 0); err != nil {
			t.Fatal(err)
		}
		if users, err := w.brake.Watched(ctx); err != nil || !slices.Equal(users, []string{"ada"}) {
			t.Errorf("watched %v, %v; want ada still", users, err)
		}
	})
}

func TestUsersWhomAnEarlierVersionStoppedAreListed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		client.HSet(ctx, w.brake.key("ada", "brake"), "on", "1", "state", "paused", "since", time.Now().UnixMilli(), "seq", 3)
		client.HSet(ctx, w.brake.key("bob", "waits"), "agents/2", "pay")
		client.HSet(ctx, w.brake.key("eve", "brake"), "state", "running", "seq", 9)
		all, err := w.operator.Overview(ctx, 0)
		if err != nil || all.Everyone.State != Running {
			t.Fatalf("%+v, %v", all, err)
		}
		got := map[string]State{}
		for _, s := range all.Users {
			got[s.User] = s.State
		}
		if len(got) != 2 || got["ada"] != Paused || got["bob"] != Running {
			t.Errorf("listed %v, want ada, who is paused, and bob, for whom a step waits", got)
		}
	})
}

func TestWhatIsGoneIsNotListed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := idleWorker(t, client), t.Context()
		for _, task := range []string{"agents/1", "agents/2"} {
			if _, err := w.brake.Ask(ctx, Pass{User: "ada", Task: task}, "pay"); err != nil {
				t.Fatal(err)
			}
		}
		w.pull("ada")
		for _, task := range []string{"agents/3", "agents/4"} {
			step(t, w.brake, "enter", "ada", task, "w/1", task)
		}
		w.runner.gone["agents/1"], w.runner.gone["agents/3"] = true, true
		s, err := w.operator.Status(ctx, "ada")
		if err != nil || s.Parked != 1 || len(s.Waits) != 1 || s.Waits["agents/2"] != "pay" {
			t.Errorf("status %+v, %v; want one that waits and one that is parked", s, err)
		}
	})
}

func TestTasksOfEveryonesPauseWaitForItAlsoWhenTheirUserIsResumed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w, ctx := newWorker(t, client), t.Context()
		ended := w.enter("ada", "agents/1")
		w.pull("ada")
		w.wantPaused(ended)
		w.pull(Everyone)
		resumed, err := w.operator.Resume(ctx, "ada", op)
		if err != nil || len(resumed.Tasks) > 0 || len(resumed.Stops) != 1 || resumed.Stops[0].User != Everyone {
			t.Errorf("resumed %+v, %v; want nothing to go on, and what still stops her", resumed, err)
		}
		if s := w.status("ada"); s.State != Paused || s.Parked != 1 {
			t.Errorf("status %+v, want paused and one parked", s)
		}
		resumed, err = w.operator.Resume(ctx, Everyone, op)
		if err != nil || !slices.Equal(resumed.Tasks, []string{"agents/1"}) {
			t.Errorf("everyone resumed: %+v, %v; want her task to go on", resumed, err)
		}
	})
}
