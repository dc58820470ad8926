package ticks

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
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
	begun := make([]*redis.StringCmd, len(ids))
	err := s.backend.use(ctx, func(ctx context.Context) error {
		_, err := s.Backend.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range ids {
				begun[i] = p.GetRange(ctx, wire.MetaKey(s.ResultPrefix, id), 0, beginning-1)
			}
			return nil
		})
		if redis.HasErrorPrefix(err, "WRONGTYPE") { // that of one of them
			return nil
		}
		return err
	})
	for i := range states {
		switch {
		case err != nil:
			states[i] = tasks.StateUnknown
		default:
			states[i] = stateOf(begun[i].Val())
		}
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
