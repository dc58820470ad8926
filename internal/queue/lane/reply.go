package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// replyAsk has end.lua keep, in the step that writes an ending, what there is to tell of it. It is
// kept until it has been told: whoever was to tell it may be killed.
type replyAsk struct {
	Field string `json:"field"`
	Text  int    `json:"text"` // its place
}

// envelope returns what a task was sent with for replies, nil if nobody is to be told.
func (a *attempt) envelope() json.RawMessage {
	a.reads.Do(func() {
		header := a.message.Headers[format.ReplyHeader]
		if header != "" && a.broken == nil && json.Valid([]byte(header)) { // or somebody else has written it
			a.replyTo = json.RawMessage(header)
		}
	})
	return a.replyTo
}

// tellsRunning tells that an attempt runs, and how far it is, until it ends. It returns the context of its
// handler.
func (a *attempt) tellsRunning() context.Context {
	if a.lane.Reply == nil || a.message.Headers[format.ReplyHeader] == "" {
		return a.ctx
	}
	envelope := a.envelope()
	if envelope == nil {
		return a.ctx
	}
	tell := func(progress []byte) {
		r := a.running(envelope)
		r.Progress = progress
		a.lane.Reply(r)
	}
	tell(nil)
	return tasks.WithProgress(a.ctx, tell)
}

// running returns that an attempt runs.
func (a *attempt) running(envelope json.RawMessage) tasks.Reply {
	return tasks.Reply{
		Queue: a.source.queue, ID: a.id, Kind: a.message.Kind, Envelope: envelope, State: tasks.StateRunning,
		At: time.Now().UTC(), Began: a.began.UTC(), Retried: a.message.Retried, Worker: a.lane.worker,
	}
}

// Running returns what runs of the tasks that were sent with [tasks.Options.Reply].
func (g *Group) Running() []tasks.Reply {
	var all []tasks.Reply
	for _, l := range g.lanes {
		l.leases.each(func(a *attempt) {
			envelope := a.envelope()
			a.mu.Lock()
			defer a.mu.Unlock()
			if envelope != nil && a.handled && !a.over {
				all = append(all, a.running(envelope))
			}
		})
	}
	return all
}

// replies returns what there is to tell of the ending, nil if there is nothing. It is made once,
// however often the ending is written.
func (e *ending) replies() *tasks.Reply {
	a := e.attempt
	if e.reply != nil || a.message.Headers[format.ReplyHeader] == "" || !e.isFinal() && !e.failed {
		return e.reply
	}
	envelope := a.envelope()
	if envelope == nil {
		return nil
	}
	at := time.Now().UTC()
	r := &tasks.Reply{
		Field: format.ReplyField(a.id, a.task.Attempt, at),
		Queue: a.source.queue, ID: a.id, Kind: a.message.Kind, Envelope: envelope, State: e.end(),
		At: at, Result: e.result, Retried: a.message.Retried, Worker: a.lane.worker,
	}
	if a.handled {
		r.Began = a.began.UTC()
	}
	if r.State == "" {
		r.State, r.Due = tasks.StateRetrying, e.at.UTC()
	}
	if e.err != nil {
		r.Error, r.Reason = e.err.Error(), e.reason()
	}
	e.reply = r
	return r
}

// reason says why an attempt did not succeed.
func (e *ending) reason() tasks.Reason {
	a := e.attempt
	switch {
	case e.outcome == tasks.OutcomeCancelled:
		return tasks.ReasonCancelled
	case e.outcome == tasks.OutcomeExpired:
		return tasks.ReasonExpired
	case errors.Is(e.err, tasks.ErrHardLimit):
		return tasks.ReasonHardLimit
	case errors.Is(e.err, tasks.ErrSoftLimit):
		return tasks.ReasonSoftLimit
	case a.losses > a.policy.Losses:
		return tasks.ReasonLost
	case tasks.FieldOf(e.err) != "":
		return tasks.ReasonRefused
	}
	return tasks.ReasonError
}

// keepsReply has end.lua keep what there is to tell.
func (e *ending) keepsReply(texts []any) (*replyAsk, []any) {
	r := e.replies()
	if r == nil {
		return nil, texts
	}
	text, err := json.Marshal(r)
	if err != nil { // the envelope and the result are JSON, and the rest always has a text
		return nil, texts
	}
	texts = append(texts, text)
	return &replyAsk{Field: r.Field, Text: len(texts) + 1}, texts // behind the JSON
}

// ReadReply returns what is kept of a reply in a queue. The error says that it is none.
func ReadReply(queue, field, text string) (tasks.Reply, error) {
	var r tasks.Reply
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("reply %.60q of queue %s is none: %w", field, queue, err)
	}
	if id, _, _ := strings.Cut(field, " "); id != r.ID || r.State == "" {
		return r, fmt.Errorf("reply %.60q of queue %s is that of task %.60q", field, queue, r.ID)
	}
	r.Queue, r.Field = queue, field
	return r, nil
}

// isTold reports whether the ending is known to have been written, and with it what there is to tell.
// What may have been written is found by whoever looks for what nobody has told.
func (e *ending) isTold(lost map[string]bool) bool {
	_, notOurs := lost[e.attempt.id]
	return !notOurs && (e.isFinal() || e.failed)
}
