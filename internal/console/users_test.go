package console

import (
	"testing"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/usage"
)

func TestWhatWasSpentTodayIsToldAgainstTheLimitWhateverWasSpentBefore(t *testing.T) {
	data := userData{now: time.Date(2026, 11, 27, 23, 0, 0, 0, time.UTC), Limit: api.Limit{Tokens: 1000, Money: 2}}
	data.sum([]api.Spent{ // as the API tells it
		{Day: "2026-11-25", Agent: "a", Calls: 1, Tokens: 900, Money: 1.9},
		{Day: "2026-11-27", Agent: "a", Calls: 2, Tokens: 100, Money: 0.25}, {Day: "2026-11-27", Agent: "b", Calls: 3, Tokens: 50, Money: 0.25},
	})
	if got, want := data.Today(), (usage.Amount{Tokens: 150, Money: 0.5}); got != want || data.Full() != 25 {
		t.Errorf("today %+v, %d %%, want %+v and 25 %%", got, data.Full(), want)
	}
	if len(data.Usage) != 2 || data.Usage[0] != (day{"2026-11-27", 5, 150, 0.5}) || data.Usage[1].Day != "2026-11-25" || data.Tokens != 1050 {
		t.Errorf("by day %+v, %d tokens", data.Usage, data.Tokens)
	}
	data.now = data.now.AddDate(0, 0, 1)
	if got := data.Today(); got != (usage.Amount{}) || data.Full() != 0 {
		t.Errorf("the day after, %+v was spent", got)
	}
}
