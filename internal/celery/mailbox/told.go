package mailbox

import (
	"maps"
	"time"
)

const (
	// maxText bounds the texts of an event, as Celery's workers do.
	maxText = 1024
	// maxTraceback bounds a traceback.
	maxTraceback = 8 << 10
	// maxNames bounds the names of tasks whose number is told.
	maxNames = 1000
)

// Received is a task that was taken. The texts are shown to people.
type Received struct {
	ID, Name     string
	Args, Kwargs string // as text, as Python would print them
	Root, Parent string // ids of tasks, "" if there are none
	Retries      int
	ETA, Expires time.Time // zero if there are none
}

// Received tells that a task was taken.
func (e *Events) Received(t Received) {
	e.add("task-received", func() event {
		return event{
			"uuid": t.ID, "name": t.Name, "args": cut(t.Args, maxText), "kwargs": cut(t.Kwargs, maxText),
			"root_id": orNull(t.Root), "parent_id": orNull(t.Parent), "retries": t.Retries, "eta": timeOrNull(t.ETA), "expires": timeOrNull(t.Expires),
		}
	})
}

// Started tells that a task of a name began to run. It counts it, too.
func (e *Events) Started(id, name string) {
	e.mu.Lock()
	e.processed++
	if _, known := e.started[name]; known || len(e.started) < maxNames {
		e.started[name]++
	}
	e.mu.Unlock()
	e.add("task-started", func() event {
		return event{"uuid": id}
	})
}

// Succeeded tells that a task returned a result, shown as text, and how long it took.
func (e *Events) Succeeded(id, result string, runtime time.Duration) {
	e.add("task-succeeded", func() event {
		return event{"uuid": id, "result": cut(result, maxText), "runtime": runtime.Seconds()}
	})
}

// Failed tells that a task failed for good. The exception is text such as ValueError('no').
func (e *Events) Failed(id, exception, traceback string) {
	e.add("task-failed", func() event {
		return event{"uuid": id, "exception": cut(exception, maxText), "traceback": cut(traceback, maxTraceback)}
	})
}

// Retried tells that a task failed and will be tried again.
func (e *Events) Retried(id, exception, traceback string) {
	e.add("task-retried", func() event {
		return event{"uuid": id, "exception": cut(exception, maxText), "traceback": cut(traceback, maxTraceback)}
	})
}

// Revoked tells that a task was not wanted any more: it was terminated while it ran, had expired, or
// never began.
func (e *Events) Revoked(id string, terminated, expired bool) {
	var signum any
	if terminated {
		signum = 15 // what Celery sends unless told otherwise
	}
	e.add("task-revoked", func() event {
		return event{"uuid": id, "terminated": terminated, "signum": signum, "expired": expired}
	})
}

// enable has events of tasks told or not, and reports whether that is new.
func (e *Events) enable(on bool) bool { return e.tasks.Swap(on) != on }

// beat asks for a heartbeat now.
func (e *Events) beat() { signal(e.wanted) }

// totals returns how many tasks began, by name.
func (e *Events) totals() map[string]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.started)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return isoTime(t)
}
