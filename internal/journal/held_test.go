package journal

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestAStepIsNotBegunByWhoMayHaveLostTheRunMeanwhile(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		first, _ := d.attempt(1)
		stopped := errors.New("it was stopped for a while")
		ctx := tasks.WithHeld(t.Context(), func() error { return stopped })
		for name, effect := range map[string]bool{"search": false, "mail": true} {
			if _, begins, err := first.Begin(ctx, name, effect); begins || !errors.Is(err, stopped) {
				t.Errorf("%s begins: %v, %v", name, begins, err)
			}
		}
		second, _ := d.attempt(2)
		if !d.do(second, "search", false) {
			t.Error("the step is not done by the next attempt")
		}
		if s, doubtful := second.Undecided(); !doubtful || s.Name != "mail" {
			t.Errorf("the effect is %+v, want it in doubt", s)
		}
	})
}
