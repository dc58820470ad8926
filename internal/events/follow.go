package events

import (
	"context"
	"sync"
	"time"

	"switchyard/internal/cache"
)

const (
	// lookEvery is how often a follower looks for events that it was not told of.
	lookEvery = time.Second
	// page is how many it reads at once.
	page = 100
)

// Follow calls told with each event of a user that comes after the number, in order and none
// twice, until ctx ends or told returns an error, which it returns. While Redis does not
// answer it waits. If the numbers begin anew, as when Redis has lost everything, so does it.
func (l *Log) Follow(ctx context.Context, user string, after int64, told func(Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	nudges := cache.NewListener(l.client, "agent:status:"+user)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { nudges.Run(ctx) }) // what it misses is found by looking
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		var err error
		if after, err = l.catchUp(ctx, user, after, told); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-nudges.Heard():
		case <-look.C:
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
