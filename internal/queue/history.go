package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

const (
	// historyKept is how many events of an entry asynq keeps at most.
	historyKept = 1000
	// historyTTL is how long the history of an entry is kept after its last event.
	historyTTL = 7 * 24 * time.Hour
	// maxNoted bounds the ticks noted between two showings. What is beyond has gaps.
	maxNoted = 1000
)

// historyKey is the sorted set from which asynqmon reads when an entry's tasks were added:
// asynq's SchedulerEnqueueEvent messages by Unix time.
func historyKey(entry string) string { return "asynq:scheduler_history:" + entry }

// event is a tick whose task was added. Its time is that of the tick, so that everyone who
// tells of it tells the same.
type event struct {
	entry, task string
	at          time.Time
}

// encode returns e as asynq's SchedulerEnqueueEvent message.
func (e event) encode() []byte {
	return appendString(appendString(nil, 1, e.task), 2, timestamp(e.at))
}

// history is what is to be told of the ticks of the entries that are shown. It is safe for
// concurrent use.
type history struct {
	mu    sync.Mutex
	shown map[string]bool
	noted []event
	told  map[string]string // by entry: the task of the last tick that was told
}

// note keeps in mind which ticks of the shown entries were added.
func (h *history) note(ticks []tasks.Tick, results []tasks.Added) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, tick := range ticks {
		if h.shown[tick.Entry] && results[i].Err == nil && !results[i].Receipt.Duplicate && len(h.noted) < maxNoted {
			h.noted = append(h.noted, event{tick.Entry, tick.ID, tick.At})
		}
	}
}

// take returns what is to be told now that entries are shown, by entry: what was noted, and
// the last ticks that have not been told.
func (h *history) take(entries []PeriodicEntry) map[string][]event {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := make(map[string][]event)
	for _, e := range h.noted {
		events[e.entry] = append(events[e.entry], e)
	}
	told := make(map[string]string, len(entries))
	h.noted, h.shown = nil, make(map[string]bool, len(entries))
	for _, e := range entries {
		h.shown[e.ID], told[e.ID] = true, e.PrevTask
		if e.PrevTask != "" && e.PrevTask != h.told[e.ID] {
			events[e.ID] = append(events[e.ID], event{e.ID, e.PrevTask, e.Prev})
		}
	}
	h.told = told
	return events
}

// forget has everything told again, as some of it was not.
func (h *history) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = nil
}

// tell writes events where asynqmon finds them. Those that are there stay once.
func (m *Mirror) tell(ctx context.Context, events map[string][]event) error {
	if len(events) == 0 {
		return nil
	}
	_, err := m.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for entry, some := range events {
			members := make([]redis.Z, len(some))
			for i, e := range some {
				members[i] = redis.Z{Score: float64(e.at.Unix()), Member: e.encode()}
			}
			key := historyKey(entry)
			p.ZAdd(ctx, key, members...)
			p.ZRemRangeByRank(ctx, key, 0, -historyKept-1)
			p.Expire(ctx, key, historyTTL)
		}
		return nil
	})
	if err != nil {
		m.history.forget()
		return fmt.Errorf("tell asynqmon of %d entries' ticks: %w", len(events), err)
	}
	return nil
}
