package queue

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// keptFields are what [kept] asks a task's hash for.
var keptFields = []string{"state", "msg", "result", format.ProgressField, format.RunField, format.ErrorField, format.CancelField, format.LossesField, format.IndexField, "pending_since"}

// kept is what Redis keeps of a task, as it is answered. Anybody may have written it.
type kept struct {
	state     stateReply
	scheduled *redis.FloatCmd
	archived  *redis.FloatCmd
	fields    *redis.SliceCmd
}

// status reads what is kept. Data that is no task's is said in the status.
func (k kept) status(name tasks.Name) (tasks.Status, error) {
	state, err := k.state.read()
	s := tasks.Status{ID: name.ID, Queue: name.Queue, State: state}
	if state == tasks.StateBroken {
		s.Broken = "its key is no hash, or says no state that there is"
	}
	if err == nil && state != "" && state != tasks.StateBroken {
		err = k.fill(&s)
	}
	return s, err
}

// fill adds to a status what is kept in the task's hash, which has a state.
func (k kept) fill(s *tasks.Status) error {
	var h struct {
		State    string  `redis:"state"`
		Msg      *string `redis:"msg"`
		Result   string  `redis:"result"`
		Progress string  `redis:"progress"`
		Run      string  `redis:"run"`
		Error    string  `redis:"error"`
		Cancel   string  `redis:"cancel"`
		Losses   string  `redis:"losses"`
		Index    string  `redis:"index"`
		Waits    string  `redis:"pending_since"`
	}
	if err := k.fields.Scan(&h); err != nil {
		return err
	}
	if h.State == "" { // it was deleted since its state was read
		s.State = ""
		return nil
	}
	s.Run, s.Result, s.Progress = h.Run, asJSON(h.Result), asJSON(h.Progress)
	s.Error, s.Cancel = asJSON(h.Error), asJSON(h.Cancel)
	s.Losses, _ = strconv.Atoi(h.Losses)
	s.NextRun, s.Created = k.nextRun(s.State), format.Created(h.Index)
	var m *format.Message
	if m, s.Broken = messageOf(h.Msg); m == nil {
		s.State = tasks.StateBroken
		return nil
	}
	s.Kind, s.Payload, s.Headers, s.LastError = m.Kind, asJSON(string(m.Payload)), m.Headers, m.Error
	s.Retried, s.Retries = m.Retried, m.Retry
	s.Tags = format.TagsOf(m.Headers)
	_ = json.Unmarshal([]byte(m.Headers[format.MetaHeader]), &s.Meta) // a foreign client may have written anything
	s.Deadline, s.Completed = unix(float64(m.Deadline)), unix(float64(m.CompletedAt))
	s.Since = k.since(s, m, h.Waits)
	return nil
}

// messageOf reads a task's message, or says what is wrong with it.
func messageOf(text *string) (m *format.Message, broken string) {
	if text == nil {
		return nil, "its message is gone"
	}
	m, err := format.Decode(*text)
	if err != nil {
		return nil, err.Error()
	}
	return m, ""
}

// nextRun returns when a task runs next, to the second. Whether it does is asked for before.
func (k kept) nextRun(state tasks.State) time.Time {
	switch state {
	case tasks.StateScheduled:
		return unix(k.scheduled.Val())
	case tasks.StateRetrying, tasks.StateParked:
		return unix(k.state.due.Val())
	}
	return time.Time{}
}

// since returns when a task came to its state, where that is known.
func (k kept) since(s *tasks.Status, m *format.Message, waits string) time.Time {
	switch s.State {
	case tasks.StateWaiting:
		nanos, _ := strconv.ParseInt(waits, 10, 64)
		return unix(float64(nanos) / 1e9)
	case tasks.StateRetrying, tasks.StateParked:
		return unix(float64(m.LastFailedAt))
	case tasks.StateSucceeded:
		return s.Completed
	case tasks.StateFailed, tasks.StateCancelled, tasks.StateExpired:
		return unix(k.archived.Val())
	}
	return time.Time{}
}

// asJSON returns text as JSON: as it is, or what is none as a string of it.
func asJSON(text string) json.RawMessage {
	switch {
	case text == "":
		return nil
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text) // a string always has a text
	return quoted
}
