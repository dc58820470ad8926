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
var keptFields = []string{"msg", "result", format.ProgressField, format.RunField, format.ErrorField, format.CancelField, format.LossesField}

// kept is what Redis keeps of a task, as it is answered. Anybody may have written it.
type kept struct {
	state     stateReply
	scheduled *redis.FloatCmd
	fields    *redis.SliceCmd
}

// status reads what is kept. Data that is no task's is said in the status.
func (k kept) status(queue, id string) (tasks.Status, error) {
	s := tasks.Status{ID: id, Queue: queue}
	state, err := k.state.read()
	if err != nil || state == "" {
		return s, err
	}
	if s.State = state; state == tasks.StateBroken {
		s.Broken = "its key is no hash, or says no state that there is"
		return s, nil
	}
	var h struct {
		Msg      *string `redis:"msg"`
		Result   string  `redis:"result"`
		Progress string  `redis:"progress"`
		Run      string  `redis:"run"`
		Error    string  `redis:"error"`
		Cancel   string  `redis:"cancel"`
		Losses   string  `redis:"losses"`
	}
	if err := k.fields.Scan(&h); err != nil {
		return s, err
	}
	s.Run, s.Result, s.Progress = h.Run, asJSON(h.Result), asJSON(h.Progress)
	s.Error, s.Cancel = asJSON(h.Error), asJSON(h.Cancel)
	s.Losses, _ = strconv.Atoi(h.Losses)
	s.NextRun = k.nextRun(state)
	if h.Msg == nil {
		s.State, s.Broken = tasks.StateBroken, "its message is gone"
		return s, nil
	}
	m, err := format.Decode(*h.Msg)
	if err != nil {
		s.State, s.Broken = tasks.StateBroken, err.Error()
		return s, nil
	}
	s.Kind, s.Payload, s.Headers, s.LastError = m.Kind, asJSON(string(m.Payload)), m.Headers, m.Error
	s.Retried, s.Retries = m.Retried, m.Retry
	s.Deadline, s.Completed = unix(float64(m.Deadline)), unix(float64(m.CompletedAt))
	return s, nil
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
