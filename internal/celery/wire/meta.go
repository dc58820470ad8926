package wire

import (
	"encoding/json"
	"strconv"
	"time"
)

// The states of a task that Celery knows. Programs add their own, as PROGRESS.
const (
	Started = "STARTED"
	Retry   = "RETRY"
	Success = "SUCCESS"
	Failure = "FAILURE"
	Revoked = "REVOKED"
)

// Final says whether a task in this state has ended for good: its meta is never replaced.
func Final(status string) bool { return status == Success || status == Failure || status == Revoked }

// Meta is what a client's AsyncResult reads of a task.
type Meta struct {
	ID, Status string
	// Result is the result, of a failure the exception; nil is null.
	Result json.RawMessage
	// Traceback is the text that a client shows, "" for none.
	Traceback string
	// Children are the tasks and groups that followed it.
	Children []Child
	// Done is when it ended, zero if it has not.
	Done          time.Time
	Group, Parent string
	// Extended is there if the application asks for it with result_extended.
	Extended *Extended
}

// Extended is what result_extended adds to a meta.
type Extended struct {
	Name, Worker, Queue string
	Args                []json.RawMessage
	Kwargs              json.RawMessage
	Retries             int
}

// Of returns the meta with what it has of its task's message: who its parent and its group are.
func (m Meta) Of(s Steps) Meta {
	m.Group, m.Parent = s.Group, s.Parent
	return m
}

// Extend returns the meta with what result_extended adds.
func (m Meta) Extend(of Message, worker, queue string) Meta {
	m.Extended = &Extended{Name: of.Task, Worker: worker, Queue: queue, Args: of.Args, Kwargs: of.Kwargs, Retries: of.Retries}
	return m
}

// Encode returns the meta as the JSON that is both stored and published.
func (m Meta) Encode() []byte {
	result := m.Result
	if result == nil {
		result = json.RawMessage("null")
	}
	to := append([]byte(`{"status": `), quote(m.Status)...)
	to = append(append(to, `, "result": `...), result...)
	to = append(append(to, `, "traceback": `...), quoteOrNull(m.Traceback)...)
	to = appendChildren(append(to, `, "children": `...), m.Children)
	to = append(append(to, `, "date_done": `...), doneOrNull(m.Done)...)
	if m.Group != "" {
		to = append(append(to, `, "group_id": `...), quote(m.Group)...)
	}
	if m.Parent != "" {
		to = append(append(to, `, "parent_id": `...), quote(m.Parent)...)
	}
	if e := m.Extended; e != nil {
		to = e.append(to)
	}
	return append(append(append(to, `, "task_id": `...), quote(m.ID)...), '}')
}

func (e Extended) append(to []byte) []byte {
	to = append(append(to, `, "name": `...), quoteOrNull(e.Name)...)
	to = appendList(append(to, `, "args": `...), e.Args)
	to = append(append(to, `, "kwargs": `...), orEmpty(e.Kwargs)...)
	to = append(append(to, `, "worker": `...), quoteOrNull(e.Worker)...)
	to = strconv.AppendInt(append(to, `, "retries": `...), int64(e.Retries), 10)
	return append(append(to, `, "queue": `...), quoteOrNull(e.Queue)...)
}

func doneOrNull(at time.Time) json.RawMessage {
	if at.IsZero() {
		return json.RawMessage("null")
	}
	return quote(isoformat(at))
}
