package queue

import (
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// sayAgainAfter is how long the same line from asynq is held back: while Redis is away it
// says so every three seconds in every lane.
const sayAgainAfter = 30 * time.Second

// logger hands asynq's own lines to zap. Only errors get here; what it says below that
// is either noise or said better by the line at an attempt's end.
type logger struct {
	log     *zap.Logger
	contact *contact
	mu      sync.Mutex
	last    map[string]time.Time
}

func newLogger(log *zap.Logger, c *contact) *logger {
	return &logger{log: log, contact: c, last: make(map[string]time.Time)}
}

func (l *logger) Debug(...any) {}
func (l *logger) Info(...any)  {}
func (l *logger) Warn(...any)  {}

func (l *logger) Error(args ...any) {
	if l.contact.said.Load() {
		return // it has been said
	}
	line := fmt.Sprint(args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.last[line]) < sayAgainAfter {
		return
	}
	maps.DeleteFunc(l.last, func(_ string, at time.Time) bool { return now.Sub(at) >= sayAgainAfter })
	l.last[line] = now
	l.log.Error("asynq: " + line)
}

// Fatal is asynq's word for a state it cannot go on from.
func (l *logger) Fatal(args ...any) {
	l.log.Error("asynq: " + fmt.Sprint(args...))
	os.Exit(1)
}
