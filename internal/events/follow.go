package events

import (
	"context"
	"time"

	"switchyard/internal/cache"
)

const (
	// lookEvery is how often a follower looks for events that it was not told of, and lookDeaf if it hears
	// nothing.
	lookEvery = 10 * time.Second
	lookDeaf  = time.Second
	// page is how many it reads at once.
	page = 100
)

// Follow calls told with each event of a user that comes after the number, in order and none
// twice, until ctx ends or told returns an error, which it returns. While Redis does not
// answer it waits. If the numbers begin anew, as when Redis has lost everything, so does it. All
// followers of a log share one connection to hear by.
func (l *Log) Follow(ctx context.Context, user string, after int64, told func(Event) error) error {
	line := l.ears.Listen("agent:status:" + user)
	defer line.HangUp()
	look := time.NewTicker(lookDeaf)
	defer look.Stop()
	for looked := time.Now(); ; looked = time.Now() {
		var err error
		if after, err = l.catchUp(ctx, user, after, told); err != nil {
			return err
		}
		for waits := true; waits; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-line.Rung():
				waits = false
			case <-look.C: // what it has missed is found by looking
				waits = line.Hears() && time.Since(looked) < lookEvery
			}
		}
	}
}

// catchUp tells what there is after the number, and returns the number of the last event. What
// Redis does not answer now is for a later look.
func (l *Log) catchUp(ctx context.Context, user string, after int64, told func(Event) error) (int64, error) {
	for {
		some, err := l.Read(ctx, user, after, page)
		if err != nil {
			return after, ifFinal(err)
		}
		for _, e := range some {
			if err := told(e); err != nil {
				return after, err
			}
			after = e.Seq
		}
		if len(some) > 0 {
			continue
		}
		latest, err := l.Latest(ctx, user)
		if err != nil || latest >= after {
			return after, ifFinal(err)
		}
		after = 0
	}
}

// ifFinal returns an error that stays the same however often Redis is asked.
func ifFinal(err error) error {
	if cache.IsFinal(err) {
		return err
	}
	return nil
}
