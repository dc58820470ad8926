package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/audit"
	"switchyard/internal/events"
	"switchyard/test/redistest"
)

// newBrake returns a brake with keys of its own.
func newBrake(client redis.UniversalClient) *Brake {
	return NewBrake(client, "p:", events.NewLog(client, "p:", "test"))
}

// operator is who decides in tests.
var operator = Order{By: audit.Actor{Name: "op", Via: audit.Command, From: "here"}}

// step makes a step of the script that no exported method makes alone.
func step(t *testing.T, b *Brake, name, user string, args ...any) (bool, reading) {
	t.Helper()
	made, s, _, err := b.do(t.Context(), name, user, args...)
	if err != nil {
		t.Fatal(err)
	}
	return made, s
}

func TestABrakeHoldsItsUserUntilItIsReleased(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		pull := func(user string) (bool, error) { return b.Pull(ctx, user, operator) }
		release := func(user string) (bool, error) { return b.Release(ctx, user, operator) }
		for i, change := range []struct {
			user    string
			do      func(string) (bool, error)
			changes bool
			held    []bool // ada, bob
		}{
			{"ada", release, false, []bool{false, false}},
			{"ada", pull, true, []bool{true, false}},
			{"ada", pull, false, []bool{true, false}},
			{Everyone, pull, true, []bool{true, true}},
			{Everyone, release, true, []bool{true, false}},
			{"ada", release, true, []bool{false, false}},
		} {
			if changed, err := change.do(change.user); changed != change.changes || err != nil {
				t.Errorf("change %d of %s: changed %v, %v; want %v", i, change.user, changed, err, change.changes)
			}
			if held, err := b.On(ctx, []string{"ada", "bob"}); err != nil || !slices.Equal(held, change.held) {
				t.Errorf("after change %d of %s: held %v, %v; want %v", i, change.user, held, err, change.held)
			}
		}
		for id, want := range map[string]string{
			"":     `field "user" is empty: give a user id`,
			"a\nb": `user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks`,
			"\xff": `user "\xff" is not UTF-8: give its id in UTF-8`,
		} {
			if _, err := pull(id); fmt.Sprint(err) != want {
				t.Errorf("a brake for %q: %v, want %s", id, err, want)
			}
		}
	})
}

func TestTheStatesFollowWhatRunsAndIsParked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		var states []State
		note := func(r reading) { states = append(states, r.state) }
		for _, task := range []string{"agents/1", "agents/2"} {
			if made, _ := step(t, b, "enter", "ada", task, "w/"+task, task); !made {
				t.Errorf("%s was not let in", task)
			}
		}
		_, r, err := b.change(ctx, "pull", "ada", operator)
		if err != nil || len(r.runs) != 2 || r.runs["agents/1"] != "w/agents/1" {
			t.Errorf("pulled: %+v, %v; want the runs and who performs them", r, err)
		}
		note(r)
		if made, _ := step(t, b, "enter", "ada", "agents/3", "w/3", "agents/3"); made {
			t.Error("a run began while the brake is on")
		}
		step(t, b, "leave", "ada", "agents/1", "w/agents/1", "agents/1", "1")
		if made, r := step(t, b, "leave", "ada", "agents/2", "somebody else", "agents/2", "1"); made || r.state != Pausing {
			t.Errorf("somebody else ended a run: %+v", r)
		}
		_, r = step(t, b, "overdue", "ada")
		note(r)
		_, r = step(t, b, "leave", "ada", "agents/2", "w/agents/2", "agents/2", "0")
		note(r)
		_, r, err = b.change(ctx, "release", "ada", operator)
		if err != nil {
			t.Fatal(err)
		}
		note(r)
		_, _, parked, err := b.do(ctx, "take", "ada", r.decision, 10, 0)
		slices.Sort(parked)
		if err != nil || !slices.Equal(parked, []string{"agents/1", "agents/3"}) {
			t.Errorf("taken %v, %v; want the two that were parked", parked, err)
		}
		_, r = step(t, b, "settled", "ada", "agents/1", "agents/3")
		note(r)
		if want := []State{Pausing, Partial, Paused, Resuming, Running}; !slices.Equal(states, want) {
			t.Errorf("states %v, want %v", states, want)
		}
	})
}

func TestAnOrderUndoesNoDecisionThatItDoesNotKnow(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		var decisions []int64
		for _, what := range []string{"pull", "release", "pull"} {
			changed, r, err := b.change(ctx, what, "ada", operator)
			if err != nil || !changed {
				t.Fatalf("%s: changed %v, %v", what, changed, err)
			}
			decisions = append(decisions, r.decision)
		}
		if decisions[0] >= decisions[1] || decisions[1] >= decisions[2] {
			t.Errorf("decisions %v, want each to be later than the one before", decisions)
		}
		for _, known := range []struct {
			latest  int64
			changes bool
		}{{0, false}, {decisions[0], false}, {decisions[1], false}, {decisions[2], true}} {
			if changed, err := b.Release(ctx, "ada", Order{Latest: &known.latest}); changed != known.changes || err != nil {
				t.Errorf("a release that knows %d: changed %v, %v; want %v", known.latest, changed, err, known.changes)
			}
		}
	})
}

func TestWhatIsHandedOutAndParkedAgainIsNotForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		change := func(what string) int64 {
			t.Helper()
			changed, r, err := b.change(ctx, what, "ada", operator)
			if err != nil || !changed {
				t.Fatalf("%s: changed %v, %v", what, changed, err)
			}
			return r.decision
		}
		change("pull")
		for _, task := range []string{"agents/1", "agents/2"} {
			step(t, b, "enter", "ada", task, "w/1", task)
		}
		decision := change("release")
		if _, _, some, err := b.do(ctx, "take", "ada", decision, 10, 0); err != nil || len(some) != 2 {
			t.Fatalf("taken %v, %v", some, err)
		}
		change("pull") // before they were run
		if stands, _, some, err := b.do(ctx, "take", "ada", decision, 10, 1); stands || len(some) > 0 || err != nil {
			t.Errorf("a decision that is over hands out %v: %v, %v", some, stands, err)
		}
		step(t, b, "settled", "ada", "agents/1", "agents/2") // by whoever is late
		_, r, _, err := b.do(ctx, "take", "ada", change("release"), 0, 0)
		if err != nil || r.parked != 2 {
			t.Errorf("%d parked, %v; want both", r.parked, err)
		}
	})
}

func TestWhoIsStoppedIsToldFromAllBrakes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		step(t, b, "enter", "bob", "agents/b", "w/1", "agents/b")
		for i, tc := range []struct {
			what, user string
			want       map[string]State
			stops      map[string]int
		}{
			{"pull", "ada", map[string]State{"ada": Paused, "bob": Running, "eve": Running}, map[string]int{"ada": 1}},
			{"pull", Everyone, map[string]State{"ada": Paused, "bob": Paused, "eve": Paused}, map[string]int{"ada": 2, "bob": 1, "eve": 1}},
			{"release", "ada", map[string]State{"ada": Paused, "bob": Paused, "eve": Paused}, map[string]int{"ada": 1, "bob": 1, "eve": 1}},
			{"release", Everyone, map[string]State{"ada": Running, "bob": Running, "eve": Running}, map[string]int{}},
		} {
			if i == 1 {
				step(t, b, "leave", "bob", "agents/b", "w/1", "agents/b", "0")
			}
			if _, _, err := b.change(ctx, tc.what, tc.user, operator); err != nil {
				t.Fatal(err)
			}
			for user, want := range tc.want {
				s, err := b.Look(ctx, user)
				if err != nil || s.State != want || len(s.Stops) != tc.stops[user] {
					t.Errorf("after %s %s, %s: %+v, %v; want %s by %d brakes", tc.what, tc.user, user, s, err, want, tc.stops[user])
				}
				if held, err := b.On(ctx, []string{user}); err != nil || held[0] != (tc.stops[user] > 0) {
					t.Errorf("after %s %s, %s: held %v, %v", tc.what, tc.user, user, held, err)
				}
			}
		}
	})
}

func TestWordsSayWhoStoppedWhomAndWhatLetsThemGoOn(t *testing.T) {
	at := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	stops := []Stop{
		{"auth0|64af", at, audit.Actor{Name: "op", Via: audit.Command, From: "desk"}},
		{Everyone, at.Add(time.Minute), audit.Actor{}},
	}
	want := "the agents of auth0|64af are paused since 2030-06-01T12:00:00Z by op (command from desk): switchyard resume 'auth0|64af'" +
		"; and everyone's agents are paused since 2030-06-01T12:01:00Z: switchyard resume --all"
	if got := Words(stops); got != want {
		t.Errorf("words %q, want %q", got, want)
	}
	if got := Words(nil); got != "" {
		t.Errorf("nothing stops and it says %q", got)
	}
}

func TestEveryChangeIsToldOnceWithANumberAndATime(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBrake(client), t.Context()
		before := time.Now().Add(-time.Minute)
		for range 2 {
			if _, err := b.Pull(ctx, "ada", operator); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.events.Tell(ctx, "ada", "briefing", []byte(`{"briefing":"b1"}`)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := b.Release(ctx, "ada", operator); err != nil {
				t.Fatal(err)
			}
		}
		told, err := b.events.Read(ctx, "ada", 0, 10)
		if err != nil || len(told) != 3 {
			t.Fatalf("told %v, %v; want three events", told, err)
		}
		for i, want := range []string{"brake paused ", "briefing  b1", "brake running "} {
			var e struct {
				Version                int
				Type, User, Deployment string
				Seq                    int
				At                     time.Time
				State, Briefing        string
			}
			if err := json.Unmarshal([]byte(told[i].JSON), &e); err != nil {
				t.Fatalf("%s: %v", told[i].JSON, err)
			}
			got := fmt.Sprintf("%s %s %s", e.Type, e.State, e.Briefing)
			if got != want || e.Version != 1 || e.User != "ada" || e.Deployment != "test" || e.Seq != i+1 || e.At.Before(before) || e.At.After(time.Now().Add(time.Minute)) {
				t.Errorf("event %d is %s, want %q", i+1, told[i].JSON, want)
			}
		}
	})
}
