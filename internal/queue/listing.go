package queue

import (
	"sync"
	"time"
)

// listAgainAfter is how long a queue that somebody has removed from asynq's set of queues may
// stay out of it.
const listAgainAfter = 10 * time.Second

// listing knows which queues a client has just put into asynq's set of queues, and which kinds into
// those of the index: to do so with each task would be one more command for each. It is safe for
// concurrent use.
type listing struct {
	at sync.Map // time.Time by queue, or queue/kind
}

// isDue reports whether a queue or kind is to be listed now, and then is not for a while.
func (l *listing) isDue(name string) bool {
	now := time.Now()
	if last, ok := l.at.Load(name); ok && now.Sub(last.(time.Time)) < listAgainAfter {
		return false
	}
	l.at.Store(name, now)
	return true
}
