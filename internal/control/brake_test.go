package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
)

// step makes a step of the script that no exported method makes alone.
func step(t *testing.T, b *Brake, name, user string, args ...any) (bool, BrakeStatus) {
	t.Helper()
	made, s, _, err := b.do(t.Context(), name, user, args...)
	if err != nil {
		t.Fatal(err)
	}
	return made, s
}

func TestABrakeHoldsItsUserUntilItIsReleased(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := NewBrake(client, "p:"), t.Context()
		pull := func(user string) (bool, error) { changed, _, err := b.Pull(ctx, user, 0); return changed, err }
		release := func(user string) (bool, error) { changed, _, err := b.Release(ctx, user, 0); return changed, err }
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
			if held, err := b.Held(ctx, []string{"ada", "bob"}); err != nil || !slices.Equal(held, change.held) {
				t.Errorf("after change %d of %s: held %v, %v; want %v", i, change.user, held, err, change.held)
			}
		}
		for _, id := range []string{"", "a*", "a:b", "a b", "a\nb"} {
			if _, err := pull(id); err == nil {
				t.Errorf("a brake for %q was pulled", id)
			}
		}
	})
}

func TestTheStatesFollowWhatRunsAndIsParked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := NewBrake(client, "p:"), t.Context()
		var states []State
		note := func(s BrakeStatus) { states = append(states, s.State) }
		for _, task := range []string{"agents/1", "agents/2"} {
			if made, _ := step(t, b, "enter", "ada", task, "w/"+task); !made {
				t.Errorf("%s was not let in", task)
			}
		}
		_, s, err := b.Pull(ctx, "ada", 0)
		if err != nil || len(s.Runs) != 2 || s.Runs["agents/1"] != "w/agents/1" {
			t.Errorf("pulled: %+v, %v; want the runs and who performs them", s, err)
		}
		note(s)
		if made, _ := step(t, b, "enter", "ada", "agents/3", "w/3"); made {
			t.Error("a run began while the brake is on")
		}
		step(t, b, "leave", "ada", "agents/1", "w/agents/1", "1")
		if made, s := step(t, b, "leave", "ada", "agents/2", "somebody else", "1"); made || s.State != Pausing {
			t.Errorf("somebody else ended a run: %+v", s)
		}
		_, s = step(t, b, "overdue", "ada")
		note(s)
		_, s = step(t, b, "leave", "ada", "agents/2", "w/agents/2", "0")
		note(s)
		changed, parked, err := b.Release(ctx, "ada", 0)
		slices.Sort(parked)
		if !changed || err != nil || !slices.Equal(parked, []string{"agents/1", "agents/3"}) {
			t.Errorf("released: %v, parked %v, %v; want the two that were parked", changed, parked, err)
		}
		s, _ = b.Look(ctx, "ada")
		note(s)
		_, s = step(t, b, "unpark", "ada", "agents/1", "agents/3")
		note(s)
		if want := []State{Pausing, Partial, Paused, Resuming, Running}; !slices.Equal(states, want) {
			t.Errorf("states %v, want %v", states, want)
		}
	})
}

func TestOfAPauseAndAResumeTheLaterOneStands(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := NewBrake(client, "p:"), t.Context()
		if _, _, err := b.Pull(ctx, "ada", 0); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Release(ctx, "ada", 0); err != nil {
			t.Fatal(err)
		}
		if changed, s, err := b.Pull(ctx, "ada", time.Minute); changed || s.State.Held() || err != nil {
			t.Errorf("a pause asked for before the resume: %v, %+v, %v; want it ignored", changed, s, err)
		}
	})
}

func TestEveryChangeIsToldOnceWithANumberAndATime(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, bus, ctx := NewBrake(client, "p:"), NewBus(client), t.Context()
		heard, err := bus.Subscribe(ctx, Status, "ada")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = heard.Close() }()
		before := time.Now().Add(-time.Minute)
		for range 2 {
			_, _, _ = b.Pull(ctx, "ada", 0)
		}
		if err := b.Tell(ctx, "ada", "briefing", []byte(`{"briefing":"b1"}`)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, _, _ = b.Release(ctx, "ada", 0)
		}
		for i, want := range []string{"brake paused ", "briefing  b1", "brake running "} {
			message, err := heard.Receive(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Version         int
				Type, User      string
				Seq             int
				At              time.Time
				State, Briefing string
			}
			if err := json.Unmarshal([]byte(message), &e); err != nil {
				t.Fatalf("%s: %v", message, err)
			}
			got := fmt.Sprintf("%s %s %s", e.Type, e.State, e.Briefing)
			if got != want || e.Version != 1 || e.User != "ada" || e.Seq != i+1 || e.At.Before(before) || e.At.After(time.Now().Add(time.Minute)) {
				t.Errorf("event %d is %s, want %q", i+1, message, want)
			}
		}
	})
}
