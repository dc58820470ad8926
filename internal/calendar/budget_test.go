package calendar

import (
	"context"
	"errors"
	"testing"
	"time"
)

// stuck is a spec on the wall clock that never gets ahead, as no library is trusted not to.
type stuck struct{}

func (stuck) Next(b *Budget, after time.Time) (time.Time, error) {
	return after, b.spend(1)
}

func TestWorkEndsWhereTicksDoNot(t *testing.T) {
	zone, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	budget := NewBudget(t.Context())
	start := mustTime(t, "2026-01-01T00:00:00Z")
	_, err = Newest(budget, wallSpec{wall: stuck{}, everyHour: true, zone: zone}, start, start.AddDate(10, 0, 0), 1000)
	if want := ErrTooMuchWork.Error() + ": it would be more than 1000000 steps: use a simpler spec"; !errors.Is(err, ErrTooMuchWork) || err.Error() != want {
		t.Errorf("got %v after %d steps, want %s", err, budget.Spent(), want)
	}
}

func TestWorkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"30 8 * * *", "@every 5m", "at 2030-01-01T00:00:00Z", "@sunset 52.52 13.405", "DTSTART:20260105T083000 RRULE:FREQ=DAILY", "DTSTART:20260105T083000 RRULE:FREQ=DAILY;COUNT=3"} {
		spec := mustSpec(t, text, "Europe/Berlin").spec
		if next, err := spec.Next(NewBudget(ctx), mustTime(t, "2026-01-01T00:00:00Z")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %s, %v, want the context's error", text, next, err)
		}
	}
	budget := NewBudget(ctx)
	budget.spent = 1 // it has begun when the context ends
	spec := mustSpec(t, "DTSTART:20260105T083000 RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "").spec
	for range 100 {
		if _, err := spec.Next(budget, mustTime(t, "2028-03-01T00:00:00Z")); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Errorf("%d steps went by and nobody has looked at the context", budget.Spent())
}

// TestASpecThatIsNotReadIsNotKept has a context end while a spec is parsed.
func TestASpecThatIsNotReadIsNotKept(t *testing.T) {
	const text = "59 23 29 2 *"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Parse(NewBudget(ctx), text, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if next := mustSpec(t, text, "").Next(mustTime(t, "2026-01-01T00:00:00Z")); !next.Equal(mustTime(t, "2028-02-29T23:59:00Z")) {
		t.Errorf("afterwards it is due at %s", next)
	}
}
