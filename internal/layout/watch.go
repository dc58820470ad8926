package layout

import (
	"context"
	"errors"
	"time"
)

const (
	// lookEvery, lookWithin and lookAgain have a program notice within ten seconds that it must not go on: it
	// looks every 5 seconds, and asks once more if it has no answer within 2. A second after Redis is
	// back it has looked.
	lookEvery  = 5 * time.Second
	lookWithin = 2 * time.Second
	lookAgain  = time.Second
)

// Watch returns once a newer program has changed the layout to one that this one does not know, with
// a [*NewerError], or nil when ctx ends. It notices within ten seconds, or within three of when a
// Redis is back that was away.
func (m *Mark) Watch(ctx context.Context) error {
	for wait := m.Every; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		looking, cancel := context.WithTimeout(ctx, lookWithin)
		err := m.Check(looking)
		cancel()
		if errors.As(err, new(*NewerError)) {
			return err
		}
		wait = m.Every
		if err != nil {
			wait = min(m.Every, lookAgain)
		}
	}
}
