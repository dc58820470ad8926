package queue

import (
	"fmt"
	"strconv"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// message is a task on its way into a queue. It has been checked.
type message struct {
	id       string
	made     bool // the ID was made here: nobody else can have given it
	kind     string
	queue    string
	payload  []byte
	headers  map[string]string
	policy   tasks.Policy // with what the task's options add to it
	at       time.Time    // not before this moment
	deadline time.Time
	retried  int
	once     bool   // whatever becomes of it, see [tasks.Options]
	entry    string // of the schedule, "" for none
	tick     int64  // Unix time in seconds
}

// encode returns m as asynq's TaskMessage.
func (m message) encode() []byte {
	out := format.Message{Kind: m.kind, Payload: m.payload, ID: m.id, Queue: m.queue, Headers: m.headers, UniqueKey: m.lock(), Retried: m.retried}
	out.Allow(m.policy)
	if !m.deadline.IsZero() {
		out.Deadline = m.deadline.Unix()
	}
	return out.Encode()
}

// lock returns asynq's key of a unique task's lock, "" if the task is not unique.
func (m message) lock() string {
	if m.policy.Unique <= 0 {
		return ""
	}
	return format.LockKey(m.queue, m.kind, m.payload)
}

// labels are what m is found by.
func (m message) labels() format.Labels {
	return format.Labels{Kind: m.kind, User: tasks.UserOf(m.payload), Tags: format.TagsOf(m.headers)}
}

// receipt says where m goes.
func (m message) receipt() tasks.Receipt {
	return tasks.Receipt{ID: m.id, Kind: m.kind, Queue: m.queue}
}

// setOwn writes into the headers what a task has of its own beside its payload.
func (m message) setOwn(opts tasks.Options) {
	if !opts.Expires.IsZero() {
		ms := opts.Expires.UnixMilli()
		seconds := format.WholeSeconds(time.Duration(ms) * time.Millisecond)
		m.headers[format.ExpiresHeader] = strconv.FormatInt(seconds, 10)
		if seconds*1000 != ms {
			m.headers[format.ExactHeader] = strconv.FormatInt(ms, 10)
		}
	}
	if opts.SoftLimit > 0 || opts.HardLimit > 0 {
		m.headers[format.LimitsHeader] = fmt.Sprintf("%d,%d", opts.SoftLimit.Milliseconds(), opts.HardLimit.Milliseconds())
	}
	if len(opts.Reply) > 0 {
		m.headers[format.ReplyHeader] = string(opts.Reply)
	}
}
