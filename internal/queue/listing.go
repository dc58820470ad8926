package queue

import (
	"sync"
	"time"
)

// listAgainAfter is how long a queue that somebody has removed from asynq's set of queues may
// stay out of it.
const listAgainAfter = 10 * time.Second

// listing knows which queues a client has just put into asynq's set of queues: to do so with
// each task would be one more command for each. It is safe for concurrent use.
type listing struct {
	at sync.Map // time.Time by queue
}

// isDue reports whether a queue is to be listed now, and then is not for a while.
func (l *listing) isDue(queue string) bool {
	now := time.Now()
	if last, ok := l.at.Load(queue); ok && now.Sub(last.(time.Time)) < listAgainAfter {
		return false
	}
	l.at.Store(queue, now)
	return true
}
