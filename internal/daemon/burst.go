package daemon

import (
	"sync"
	"time"
)

// burstLine is how often a burst is told of while it lasts.
const burstLine = time.Minute

// Burst has what happens often be logged seldom: its first event at once, later ones as a
// number, at most once a minute. Its zero value is ready. It is safe for concurrent use.
type Burst struct {
	mu     sync.Mutex
	told   time.Time
	untold int
}

// Tell takes note of an event. It returns how many there were since the last line, this one
// among them, if it is time for a line; else 0.
func (b *Burst) Tell() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.untold++
	now := time.Now()
	if !b.told.IsZero() && now.Sub(b.told) < burstLine {
		return 0
	}
	n := b.untold
	b.told, b.untold = now, 0
	return n
}
