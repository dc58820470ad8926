package schedule

import (
	"fmt"
	"testing"
	"time"

	"switchyard/test/redistest"
)

func TestAClaimHoldsUntilItLapses(t *testing.T) {
	mini := redistest.Mini(t)
	store := NewStore(redistest.Client(t, mini.Addr()), prefix)
	now := mustTime(t, "2026-01-01T10:00:00Z")
	mini.SetTime(now)
	for i := range 3 {
		put(t, store, newEntry(fmt.Sprint("e", i), "at 2026-01-01T10:00:01Z"))
	}
	mini.SetTime(now.Add(time.Second))
	claim := func() (n int) {
		for shard := range shards {
			b, err := store.claim(t.Context(), shard, 10, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			n += len(b.due)
		}
		return n
	}
	for _, test := range []struct {
		at   time.Duration
		want int
	}{{time.Second, 3}, {time.Second, 0}, {10999 * time.Millisecond, 0}, {11 * time.Second, 3}} {
		mini.SetTime(now.Add(test.at))
		if n := claim(); n != test.want {
			t.Errorf("after %s claimed %d entries, want %d", test.at, n, test.want)
		}
	}
}

func TestTheWaitIsUntilTheNextTickOrTheLimit(t *testing.T) {
	mini := redistest.Mini(t)
	store := NewStore(redistest.Client(t, mini.Addr()), prefix)
	now := mustTime(t, "2026-01-01T10:00:00Z")
	mini.SetTime(now)
	put(t, store, newEntry("e1", "@hourly"))
	for _, test := range []struct {
		at   time.Duration
		wait time.Duration
		due  int
	}{
		{0, time.Second, 0},
		{400 * time.Millisecond, 600 * time.Millisecond, 0}, // an entry added now is due at the whole second
		{time.Hour - 300*time.Millisecond, 300 * time.Millisecond, 0},
		{time.Hour, 0, 1},
	} {
		mini.SetTime(now.Add(test.at))
		due, wait, err := store.dueShards(t.Context(), time.Second)
		if err != nil || wait != test.wait || len(due) != test.due {
			t.Errorf("after %s: %v due, wait %s, %v, want %d due, wait %s", test.at, due, wait, err, test.due, test.wait)
		}
	}
}
