package lane

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// maxTold bounds the payload and the result that hooks are told, in bytes.
const maxTold = 256 << 10

// tell is a task that tells others of an end. end.lua adds it in the step that writes the end: both
// are there, or neither is.
type tell struct {
	ID     string `json:"id"`
	Labels string `json:"labels"` // what it is found by
	Msg    int    `json:"msg"`    // its place
}

// end returns the end to which an ending brings its task, "" if the task goes on.
func (e *ending) end() tasks.State {
	switch e.outcome {
	case tasks.OutcomeSucceeded:
		return tasks.StateSucceeded
	case tasks.OutcomeDead:
		return tasks.StateFailed
	case tasks.OutcomeCancelled:
		return tasks.StateCancelled
	case tasks.OutcomeExpired:
		return tasks.StateExpired
	}
	return ""
}

// hooks returns who is to be told of the end. A message that is not this task's names nobody.
func (e *ending) hooks() []tasks.Hook {
	a := e.attempt
	header := a.message.Headers[format.NotifyHeader]
	if header == "" || a.broken != nil || !e.isFinal() {
		return nil
	}
	var all, wanted []tasks.Hook
	if json.Unmarshal([]byte(header), &all) != nil || len(all) > tasks.MaxHooks {
		return nil // somebody else has written it
	}
	for _, h := range all {
		if h.Wants(e.end()) {
			wanted = append(wanted, h)
		}
	}
	return wanted
}

// tells returns the tasks that tell of the end, with their messages behind texts.
func (e *ending) tells(texts []any) ([]tell, []any) {
	var all []tell
	for i, hook := range e.hooks() {
		m := e.notice(i, hook)
		texts = append(texts, m.Encode())
		all = append(all, tell{ID: m.ID, Labels: format.LabelsOf(m).String(), Msg: len(texts) + 1}) // behind the JSON
	}
	return all, texts
}

// notice returns the message of the task that tells a hook. Its ID is the same however often the end
// is written, and another one for the end that follows when somebody runs the task again.
func (e *ending) notice(place int, hook tasks.Hook) *format.Message {
	a := e.attempt
	status := e.status()
	n := tasks.Notice{ID: fmt.Sprintf("%s:hook%d:%s", shortID(a.id), place, strconv.FormatInt(status.Since.UnixMilli(), 36)), URL: hook.URL, At: status.Since, Task: status}
	if len(status.Payload)+len(status.Result) > maxTold {
		n.Task.Payload, n.Task.Result, n.LeftOut = nil, nil, true
	}
	payload, err := json.Marshal(n)
	if err != nil { // the payload of a foreign client may be no JSON
		n.Task.Payload, n.LeftOut = nil, true
		payload, _ = json.Marshal(n)
	}
	m := &format.Message{
		Kind: tasks.WebhookDeliver, Payload: payload, ID: n.ID, Queue: a.source.queue,
		Headers: map[string]string{format.VersionHeader: "1"},
	}
	if tags := a.message.Headers[format.TagsHeader]; tags != "" {
		m.Headers[format.TagsHeader] = tags // it is found by what its task is found by
	}
	telemetry.Inject(a.ctx, m.Headers)
	m.Allow(a.source.kind(tasks.WebhookDeliver).route.Policy)
	return m
}

// shortID returns the ID of a task as a part of another one's.
func shortID(id string) string {
	if len(id) <= 250 && tasks.HasIDForm(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// status returns the task as it is once it has ended.
func (e *ending) status() tasks.Status {
	a := e.attempt
	m, at := a.message, a.began.Add(e.took).UTC().Truncate(time.Millisecond)
	s := tasks.Status{
		ID: a.id, Kind: m.Kind, Queue: a.source.queue, State: e.end(), Run: a.task.Run, Retried: m.Retried, Retries: m.Retry, Losses: a.losses,
		Since: at, Payload: m.Payload, Headers: shownHeaders(m.Headers), LastError: a.lastFailure(),
		Tags: format.TagsOf(m.Headers),
	}
	_ = json.Unmarshal([]byte(m.Headers[format.MetaHeader]), &s.Meta) // a foreign client may have written anything
	if deadline := a.deadline(); !deadline.IsZero() {
		s.Deadline = deadline.UTC()
	}
	if e.err != nil {
		s.LastError = e.err.Error()
		s.Error = json.RawMessage(e.fields[format.ErrorField])
	}
	if result := e.fields["result"]; result != "" {
		s.Result = json.RawMessage(result)
	}
	if s.State == tasks.StateSucceeded {
		s.Completed = at
	}
	return s
}

// shownHeaders returns the headers of a task without what is told to others: the address of a hook is no other's.
func shownHeaders(headers map[string]string) map[string]string {
	shown := make(map[string]string, len(headers))
	for name, value := range headers {
		if name != format.NotifyHeader && name != format.ReplyHeader {
			shown[name] = value
		}
	}
	return shown
}
