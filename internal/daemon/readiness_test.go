package daemon

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatAProbeHasHeardIsNotAskedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs, says := 0, errors.New("away")
		r := NewReadiness([]Check{
			{"redis", func(context.Context) error { runs++; return says }},
			{"lanes", func(context.Context) error { return nil }},
		})
		failing := func() string {
			all := ""
			for _, f := range r.Failing(t.Context(), 5*time.Second) {
				all += f.Name + ": " + f.Err.Error()
			}
			return all
		}
		if got := failing(); got != "redis: away" || runs != 1 {
			t.Errorf("%q in %d runs, want redis in one", got, runs)
		}
		time.Sleep(4 * time.Second)
		for range 3 { // a probe always runs it
			if err := r.Checks()[0].Test(t.Context()); err == nil {
				t.Error("it holds")
			}
		}
		time.Sleep(4 * time.Second)
		if got := failing(); got != "redis: away" || runs != 4 {
			t.Errorf("%q in %d runs, want what the probe has heard", got, runs)
		}
		says = nil
		time.Sleep(time.Second)
		if got := failing(); got != "" || runs != 5 {
			t.Errorf("%q in %d runs, want nothing after one more", got, runs)
		}
	})
}

func TestAProbeThatIsGoneSaysNothingOfTheDaemon(t *testing.T) {
	r := NewReadiness([]Check{{"redis", func(ctx context.Context) error { return ctx.Err() }}})
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := r.Checks()[0].Test(gone); err == nil {
		t.Error("it holds")
	}
	if failed := r.Failing(t.Context(), time.Hour); len(failed) != 0 {
		t.Errorf("failing %v", failed)
	}
}
