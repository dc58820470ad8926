package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
)

// TestImportGoesOnAfterTheLastTick: what was due since is missed, and nothing comes twice.
func TestImportGoesOnAfterTheLastTick(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		hourly := newEntry("hourly", "@hourly")
		last := time.Now().Add(-90 * time.Minute).UTC().Truncate(time.Hour)
		expect := func(said string, last time.Time, want int) {
			t.Helper()
			changed, err := store.Import(t.Context(), []Import{{hourly, last}, {newEntry("new", "@daily"), time.Time{}}})
			if changed != want || err != nil {
				t.Errorf("%s: %d changed, %v; want %d", said, changed, err, want)
			}
		}
		expectBooks := func(said string, last, next time.Time) {
			t.Helper()
			books := get(t, store, "hourly").Books
			if !books.Last.Equal(last) || !books.Next.Equal(next) {
				t.Errorf("%s: last is %s and next %s, want %s and %s", said, books.Last, books.Next, last, next)
			}
		}
		expect("the first time", last, 2)
		expectBooks("the first time", last, last.Add(time.Hour))
		if next := get(t, store, "new").Books.Next; !next.After(time.Now()) {
			t.Errorf("an entry without a last tick is due at %s, which is past", next)
		}
		expect("again", last, 0)
		expect("after another run", last.Add(time.Hour), 1)
		expectBooks("after another run", last.Add(time.Hour), last.Add(2*time.Hour))
		expect("with a last run that is old by now", last, 0)
		hourly.Payload = []byte(`{"user":"u2"}`)
		expect("with another payload", last, 1)
		expectBooks("with another payload", last.Add(time.Hour), last.Add(2*time.Hour))
		hourly.Spec = "@every 10m"
		expect("with other times", last.Add(time.Hour), 1)
		expectBooks("with other times", last.Add(time.Hour), last.Add(70*time.Minute))
	})
}

// TestImportKeepsADroppedTickDropped does not bring back a tick that the schedule has moved past.
func TestImportKeepsADroppedTickDropped(t *testing.T) {
	now := mustTime(t, "2026-11-25T12:00:00Z")
	e := newEntry("hourly", "@hourly")
	encoded, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	books := Books{Last: now.Add(-4 * time.Hour), Next: now}
	made, err := Import{e, now.Add(-2 * time.Hour)}.replace(stored{"hourly", string(encoded), books.encode()}, now)
	if err != nil || !strings.Contains(made.books, `"next":"2026-11-25T12:00:00Z","last":"2026-11-25T10:00:00Z"`) {
		t.Errorf("books become %s, %v", made.books, err)
	}
}

func TestImportWritesAllOrNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		taken := newEntry("taken", "@daily")
		taken.Origin = OriginUser
		if _, err := store.Put(t.Context(), taken); err != nil {
			t.Fatal(err)
		}
		last := time.Now().Add(-time.Hour)
		imports := []Import{{newEntry("a", "@daily"), last}, {newEntry("b", "@daily"), last}}
		for said, bad := range map[string]Import{
			"taken":              {newEntry("taken", "@daily"), last},
			"61":                 {newEntry("bad", "61 * * * *"), last},
			"given twice":        {newEntry("a", "@daily"), last},
			"not due any more":   {newEntry("over", "at 2020-01-01T00:00:00Z"), last},
			"is not due any mor": {newEntry("over", "at 2020-01-01T00:00:00Z"), time.Time{}},
		} {
			if n, err := store.Import(t.Context(), append(imports, bad)); n != 0 || err == nil || !strings.Contains(err.Error(), said) {
				t.Errorf("%d changed, %v; want an error with %q", n, err, said)
			}
		}
		if _, err := store.Import(t.Context(), append(imports, Import{newEntry("taken", "@daily"), last})); !errors.Is(err, ErrTaken) {
			t.Errorf("error is %v, want ErrTaken", err)
		}
		if n := dueCount(t, client, store); n != 1 {
			t.Errorf("%d entries are there, want the one of before", n)
		}
	})
}

// TestImportMakesUpForWhatWasMissed: a tick due between the two systems comes, and once.
func TestImportMakesUpForWhatWasMissed(t *testing.T) {
	now := mustTime(t, "2026-11-25T12:30:00Z")
	e := newEntry("hourly", "@hourly")
	made, err := Import{e, mustTime(t, "2026-11-25T11:00:00Z")}.replace(stored{id: "hourly"}, now)
	if err != nil {
		t.Fatal(err)
	}
	record, err := stored{"hourly", made.entry, made.books}.record()
	if err != nil {
		t.Fatal(err)
	}
	ticks, next := mustPlan(t, e, mustSpec(t, e.Spec, ""), record.Books, now)
	if len(ticks) != 1 || !ticks[0].Equal(mustTime(t, "2026-11-25T12:00:00Z")) || !next.Equal(mustTime(t, "2026-11-25T13:00:00Z")) {
		t.Errorf("ticks %v, next %s; want that of 12:00 and then 13:00", ticks, next)
	}
	if !made.due.Equal(ticks[0]) {
		t.Errorf("it is looked at from %s on, want its tick", made.due)
	}
}
