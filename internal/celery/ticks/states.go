package ticks

import (
	"context"
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

var (
	//go:embed states.lua
	statesLua string

	statesScript = redis.NewScript(statesLua)
)

// beginning is how much of a result is read. Its status stands first; a result may be large.
const beginning = 4 << 10

// states returns where tasks stand, by what Celery's workers have written of them: "" for one of which
// there is nothing that can be read. It may wait, or run without track_started, or its result is not kept any more. It is
// [tasks.StateUnknown] while the backend does not answer.
func (s *Sender) states(ctx context.Context, ids []string) []tasks.State {
	states := make([]tasks.State, len(ids))
	if len(ids) == 0 {
		return states
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = wire.MetaKey(s.ResultPrefix, id)
	}
	var begun []string
	err := s.backend.use(ctx, func(ctx context.Context) (err error) {
		asked, _ := json.Marshal(map[string]any{"keys": keys, "most": beginning}) // texts and numbers always have a text
		begun, err = statesScript.Run(ctx, s.Backend, nil, asked).StringSlice()
		return err
	})
	for i := range states {
		if err != nil || len(begun) != len(ids) {
			states[i] = tasks.StateUnknown
			continue
		}
		states[i] = stateOf(begun[i])
	}
	return states
}

// stateOf reads the state of a task off the beginning of its result.
func stateOf(begun string) tasks.State {
	switch status := statusOf(begun); status {
	case "", "PENDING":
		return ""
	case wire.Success:
		return tasks.StateSucceeded
	case wire.Failure:
		return tasks.StateFailed
	case wire.Revoked:
		return tasks.StateCancelled
	case "RETRY":
		return tasks.StateRetrying
	}
	return tasks.StateRunning // STARTED, PROGRESS, and what an application makes up
}

// statusOf returns the status that the beginning of a result names, "" if it names none.
func statusOf(begun string) string {
	d := json.NewDecoder(strings.NewReader(begun))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return ""
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return ""
		}
		var status string
		if name == "status" && json.Unmarshal(value, &status) == nil {
			return status
		}
	}
	return ""
}
