// Package roster knows which daemons run. Each keeps a record of itself in Redis, renewed every five
// seconds, and takes it away when it ends. One that has vanished is told as lost for an hour.
//
// Nothing depends on the roster: what a daemon cannot write is left out, and holds it up in nothing.
package roster

import (
	"strings"
	"time"
)

// Record is what is known of a daemon.
type Record struct {
	ID string `json:"-"` // of the process, anew with each start
	// Roles are worker, scheduler and monitor; a process may have several.
	Roles   []string `json:"roles"`
	Host    string   `json:"host"`
	PID     int      `json:"pid"`
	Version string   `json:"version"`
	Commit  string   `json:"commit,omitempty"`
	// Layout is the latest layout of what is stored that the daemon knows, 0 if it does not say.
	Layout int `json:"layout,omitempty"`
	// Up is for how long it had run when it was seen last.
	Up time.Duration `json:"up"`
	Status
	// Seen is when it last renewed its record, and Started when it began, by Redis's clock.
	Seen    time.Time `json:"-"`
	Started time.Time `json:"-"`
	// Lost says that it has not renewed its record for a while, and has not said goodbye.
	Lost bool `json:"-"`
}

// Status is what changes while a daemon runs.
type Status struct {
	// Failing are the checks of its readiness that do not hold.
	Failing []Failing `json:"failing,omitempty"`
	// Draining says that it is about to end: a worker takes no more tasks.
	Draining bool `json:"draining,omitempty"`
	// Queues are those that a worker takes tasks from, in order.
	Queues []Queue `json:"queues,omitempty"`
	// Schedule says which entries a scheduler's configuration file has, nil before they are in the
	// schedule.
	Schedule *Schedule `json:"schedule,omitempty"`
}

// Schedule tells the entries of a scheduler's configuration file from those of another.
type Schedule struct {
	Owner  string `json:"owner"`  // whose entries they are
	Digest string `json:"digest"` // of all of them
}

// Failing is a check that does not hold, and why.
type Failing struct {
	Check string `json:"check"`
	Text  string `json:"text"`
}

// Queue is a queue that a worker takes tasks from.
type Queue struct {
	Name string `json:"name"`
	// Lane is the queue whose slots it uses: its own name, or that of a sibling.
	Lane        string `json:"lane"`
	Concurrency int    `json:"concurrency"` // slots of the lane
	Busy        int    `json:"busy"`        // slots with a task of the queue
}

// State says in a word what a daemon is up to.
type State string

// The states of a daemon.
const (
	Ready    State = "ready"     // all its checks hold
	NotReady State = "not_ready" // some do not
	Draining State = "draining"  // it is about to end
	Lost     State = "lost"      // it has vanished
)

// State returns the state of the daemon.
func (r Record) State() State {
	switch {
	case r.Lost:
		return Lost
	case r.Draining:
		return Draining
	case len(r.Failing) > 0:
		return NotReady
	}
	return Ready
}

const (
	// maxFailing and maxQueues bound what a record holds, maxText each text in it, in bytes.
	maxFailing = 10
	maxQueues  = 100
	maxText    = 200
)

// bounded returns the record within its bounds.
func (r Record) bounded() Record {
	r.Host, r.Version, r.Commit = shorten(r.Host), shorten(r.Version), shorten(r.Commit)
	roles := make([]string, min(len(r.Roles), maxFailing))
	for i := range roles {
		roles[i] = shorten(r.Roles[i])
	}
	failing := make([]Failing, min(len(r.Failing), maxFailing))
	for i := range failing {
		failing[i] = Failing{shorten(r.Failing[i].Check), shorten(r.Failing[i].Text)}
	}
	queues := make([]Queue, min(len(r.Queues), maxQueues))
	for i := range queues {
		q := r.Queues[i]
		queues[i] = Queue{shorten(q.Name), shorten(q.Lane), max(0, min(q.Concurrency, maxSlots)), max(0, min(q.Busy, maxSlots))}
	}
	r.Layout = max(0, min(r.Layout, maxLayout))
	r.Roles, r.Failing, r.Queues = roles, failing, queues
	if r.Schedule != nil {
		r.Schedule = &Schedule{shorten(r.Schedule.Owner), shorten(r.Schedule.Digest)}
	}
	return r
}

// maxSlots is more than any worker has, maxLayout more than any program knows.
const (
	maxSlots  = 1_000_000
	maxLayout = 1_000_000
)

func shorten(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}
