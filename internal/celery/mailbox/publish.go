package mailbox

import (
	"context"

	"fmt"
	"os"
	"runtime"
	"strings"

	"go.uber.org/zap"
)

// Wanted reports whether somebody wants to know what becomes of tasks.
func (e *Events) Wanted() bool { return e.tasks.Load() }

// add puts an event of a task among those that wait. Its fields are made if somebody wants them.
func (e *Events) add(kind string, fields func() event) {
	if !e.tasks.Load() {
		return
	}
	told := fields()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) >= maxEvents {
		e.dropped++
		return
	}
	e.waiting = append(e.waiting, e.event(kind, told))
	if n := len(e.waiting); n == 1 || n >= maxBatch {
		signal(e.changed)
	}
}

// signal has whoever reads a channel look, once for all that happened until then.
func signal(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// full reports whether a whole batch waits.
func (e *Events) full() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiting) >= maxBatch
}

// publishWaiting publishes what waits, and reports whether nothing waits any more: if it fails, the rest
// goes on waiting.
func (e *Events) publishWaiting(ctx context.Context) bool {
	for {
		e.mu.Lock()
		batch := e.waiting[:min(len(e.waiting), maxBatch)]
		e.mu.Unlock()
		if len(batch) == 0 {
			return true
		}
		if err := e.publish(ctx, "task-multi", batch); err != nil {
			e.log.Debug("monitors of Celery were not told of tasks", zap.Error(err))
			return false
		}
		e.mu.Lock()
		e.waiting = e.waiting[len(batch):]
		if len(e.waiting) == 0 {
			e.waiting = nil
		}
		e.mu.Unlock()
	}
}

// sayDropped says how many events nobody will hear of.
func (e *Events) sayDropped() {
	e.mu.Lock()
	dropped := e.dropped
	e.dropped = 0
	e.mu.Unlock()
	if dropped > 0 {
		e.log.Warn("events of tasks were dropped: monitors of Celery do not show what became of these tasks", zap.Int64("events", dropped), zap.Int("kept_at_most", maxEvents))
	}
}

// publish publishes a body under the name of a kind of event. Monitors listen to the exchange with a
// pattern of such names.
func (e *Events) publish(ctx context.Context, kind string, body any) error {
	to := deliveryInfo{eventsExchange, strings.ReplaceAll(kind, "-", ".")}
	message, err := seal(headers{Hostname: e.Name}, to, body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	if err := e.broker.Redis.Publish(ctx, e.broker.Fanout(eventsExchange)+"/"+to.RoutingKey, message).Err(); err != nil {
		return fmt.Errorf("publish an event of Celery: %w", err)
	}
	return nil
}

// loadAverage returns how busy the machine was in the last 1, 5 and 15 minutes, zeros where it does not
// tell.
func loadAverage() [3]float64 {
	var load [3]float64
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(text), &load[0], &load[1], &load[2])
	}
	return load
}

// system is the name of the operating system as Python has it.
var system = strings.ToUpper(runtime.GOOS[:1]) + runtime.GOOS[1:]
