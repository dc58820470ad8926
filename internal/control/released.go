package control

import (
	"context"
	"sync"

	"switchyard/internal/cache"
)

// Releases tells whose brake may have been taken off.
type Releases struct{ ears *cache.Listener }

// NewReleases returns the releases that are heard of by ears, a listener to the pattern
// agent:resume:*.
func NewReleases(ears *cache.Listener) *Releases { return &Releases{ears} }

// Released calls told with each user on whose channel a resume is asked for or announced, and
// with [Everyone] whenever some may have been missed, until ctx ends. Whether the brake is off
// then is for told to ask: a request changes nothing until a worker has obeyed it, and is
// followed by the announcement.
func (r *Releases) Released(ctx context.Context, told func(user string)) {
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { r.ears.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case heard := <-r.ears.Heard():
			if heard.Began {
				told(Everyone)
			} else if m := messageOf(heard); checkBraked(m.user) == nil {
				told(m.user)
			}
		}
	}
}
