package mailbox

import (
	"context"
	"encoding/json"
	"time"
)

// Stage is how far a task is that a worker has.
type Stage int

// The stages that are asked for.
const (
	Active    Stage = iota // it runs
	Reserved               // it was taken and does not run yet
	Scheduled              // it was taken and its time has not come
)

// Worker is the process that a node speaks for. Its methods are called by one goroutine, and are given
// five seconds.
type Worker interface {
	// Tasks returns tasks of this process in a stage, those to be seen first in front. What all processes
	// share, one of them tells of.
	Tasks(context.Context, Stage) ([]Request, error)
	// Revoke has tasks never begin. Every node is told of every revocation, so it is cheap when it was
	// obeyed before.
	Revoke(context.Context, Revocation) error
	// Revoked returns the ids of tasks that were revoked, the latest first.
	Revoked(context.Context) ([]string, error)
}

// Revocation is that tasks are not wanted any more.
type Revocation struct {
	IDs []string
	// Terminate says that those which run are to end, too. Signal is what Celery would send to their
	// processes, such as SIGTERM or 9.
	Terminate bool
	Signal    string
}

// Request is a task as Celery's workers tell of it.
type Request struct {
	ID   string
	Name string
	// Args and Kwargs are JSON, a list and an object. What is long is shown in part.
	Args, Kwargs json.RawMessage
	// Started is when the task began to run, if it did.
	Started time.Time
	// Queue is the queue of Celery that it came from, and Priority its priority there.
	Queue    string
	Priority int
	// ETA is when it is to run, if it is scheduled.
	ETA time.Time
}

// Task is a task that a worker performs.
type Task struct {
	Name string
	// Attributes are what is known of it under the names of Celery's attributes, such as max_retries.
	Attributes map[string]string
}

// Profile is what does not change about a worker.
type Profile struct {
	Tasks  []Task
	Queues []string // of Celery
	Slots  int      // how many tasks run at once
}
