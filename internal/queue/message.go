package queue

import (
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
)

// abortGrace is added to a kind's hard limit for servers of asynq.
const abortGrace = 500 * time.Millisecond

// message is a task on its way into a queue.
type message struct {
	id      string
	kind    string
	payload []byte
	headers map[string]string
	route   routing.Route
}

// encode returns m as asynq's TaskMessage, with the options of [asynqOptions].
func (m message) encode() []byte {
	p := m.route.Policy
	out := format.Message{
		Kind: m.kind, Payload: m.payload, ID: m.id, Queue: m.route.Queue, Headers: m.headers, UniqueKey: m.lock(),
		Retry: p.Retries + 1, Timeout: int64((p.HardLimit + abortGrace).Seconds()), Retention: int64(p.Retention.Seconds()),
	}
	return out.Encode()
}

// lock returns asynq's key of a unique task's lock, "" if the task is not unique.
func (m message) lock() string {
	if m.route.Policy.Unique <= 0 {
		return ""
	}
	return format.LockKey(m.route.Queue, m.kind, m.payload)
}
