package celery

import (
	"encoding/json"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/wire"
	"switchyard/test/redistest"
)

// part returns the part of one of two tasks of a group.
func part(id string, index int) wire.Part {
	return wire.Part{ID: id, Group: "g", Index: &index, State: wire.Success, Result: json.RawMessage(`"` + id + `"`)}
}

// give returns a part, and says what became of the chord.
func (r *rig) give(t *testing.T, p wire.Part) string {
	t.Helper()
	state, err := r.results.give(t.Context(), p)
	switch {
	case err != nil:
		t.Fatal(err)
	case state.unsized:
		return "unsized"
	case !state.ready:
		return "done"
	}
	said := "ready"
	for _, one := range state.parts {
		said += " " + one.ID
	}
	return said
}

func TestAChordIsCompletedByItsLastPartWhoeverReturnsIt(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		client.Set(t.Context(), "celery-taskset-meta-g.s", "3", 0)
		steps := []struct {
			part wire.Part
			want string
		}{
			{part("c", 2), "done"}, {part("c", 2), "done"}, {part("a", 0), "done"},
		}
		for i, s := range steps {
			if got := r.give(t, s.part); got != s.want {
				t.Errorf("%d: %s, want %s", i, got, s.want)
			}
		}
		// A worker of Celery's returns one, and is not the last.
		client.ZAdd(t.Context(), "celery-taskset-meta-g.j", redis.Z{Score: 1, Member: `[1, "b", "SUCCESS", "b"]`})
		client.ZRem(t.Context(), "celery-taskset-meta-g.j", string(part("a", 0).Encode()))
		client.HDel(t.Context(), "test:celery:chord:g", "part:a")
		for range 2 { // whoever was about to send the body was killed
			if got := r.give(t, part("a", 0)); got != "ready a b c" {
				t.Errorf("%s, want all parts in their order", got)
			}
		}
		if err := r.results.done(t.Context(), "g"); err != nil {
			t.Fatal(err)
		}
		if got := r.give(t, part("a", 0)); got != "done" || client.Exists(t.Context(), "celery-taskset-meta-g.j", "celery-taskset-meta-g.s").Val() != 0 {
			t.Errorf("after its body was sent: %s", got)
		}
	})
}

func TestAPartLeavesAChordToWhoeverHasCompletedIt(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		client.Set(t.Context(), "celery-taskset-meta-g.s", "2", 0)
		if got := r.give(t, part("a", 0)); got != "done" {
			t.Fatal(got)
		}
		// The last one is a worker of Celery's, which is about to send the body.
		client.ZAdd(t.Context(), "celery-taskset-meta-g.j", redis.Z{Score: 1, Member: `[1, "b", "SUCCESS", "b"]`})
		if got := r.give(t, part("a", 0)); got != "done" {
			t.Errorf("the body would be sent twice: %s", got)
		}
	})
}

func TestAChordWhoseSizeComesLateIsCompleted(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		for _, id := range []string{"a", "b"} {
			if got := r.give(t, part(id, int(id[0]-'a'))); got != "unsized" {
				t.Fatalf("%s: %s", id, got)
			}
		}
		client.Set(t.Context(), "celery-taskset-meta-g.s", "2", 0)
		if got := r.give(t, part("a", 0)); got != "unsized" {
			t.Errorf("%s: a worker of Celery's may be about to send the body", got)
		}
		client.HSet(t.Context(), "test:celery:chord:g", "since", "1") // that was long ago
		if got := r.give(t, part("b", 1)); got != "ready a b" {
			t.Errorf("%s, want its parts", got)
		}
	})
}
