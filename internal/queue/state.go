package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// asynq's words for the states of a task, which also name the keys of all but the groups.
const (
	pending     = "pending"
	active      = "active"
	scheduled   = "scheduled"
	retry       = "retry"
	archived    = "archived"
	completed   = "completed"
	aggregating = "aggregating"
)

// stored is what tells a task's state, as it stands in Redis.
type stored struct {
	word   string // asynq's, "" for a task that is gone
	parked bool
	ending string
	due    time.Time // of one that waits for its retry
}

// state returns the state in our words.
func (s stored) state(now time.Time) tasks.State {
	switch s.word {
	case "":
		return ""
	case pending:
		return tasks.StateWaiting
	case active:
		return tasks.StateRunning
	case scheduled:
		return tasks.StateScheduled
	case aggregating:
		return tasks.StateHeld
	case completed:
		return tasks.StateSucceeded
	case retry:
		// Earlier versions did not say that a task is parked, but no retry is due so late.
		if s.parked || s.due.After(now.Add(noRetryAfter)) {
			return tasks.StateParked
		}
		return tasks.StateRetrying
	case archived:
		switch end := tasks.State(s.ending); end {
		case tasks.StateCancelled, tasks.StateExpired:
			return end
		}
		return tasks.StateFailed
	}
	return tasks.StateBroken
}

// stateReply is the answer to the question for a task's state.
type stateReply struct {
	fields *redis.SliceCmd
	due    *redis.FloatCmd
}

// askState asks for the state of a task.
func askState(ctx context.Context, p redis.Pipeliner, queue, id string) stateReply {
	return stateReply{
		fields: p.HMGet(ctx, format.TaskKey(queue, id), "state", format.ParkedField, format.EndingField),
		due:    p.ZScore(ctx, format.Key(queue, retry), id),
	}
}

func (r stateReply) read() (tasks.State, error) {
	var s struct {
		Word   string `redis:"state"`
		Parked string `redis:"parked"`
		Ending string `redis:"ending"`
	}
	err := r.fields.Scan(&s)
	switch {
	case isWrongType(err):
		return tasks.StateBroken, nil
	case err != nil:
		return "", err
	}
	due, err := r.due.Result()
	if err != nil && !errors.Is(err, redis.Nil) && !isWrongType(err) {
		return "", err
	}
	return stored{word: s.Word, parked: s.Parked == "1", ending: s.Ending, due: unix(due)}.state(time.Now()), nil
}

func isWrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// unix returns the time of a score. One that is no time is none.
func unix(score float64) time.Time {
	if score > 0 && score < 1<<40 {
		return time.Unix(int64(score), 0).UTC()
	}
	return time.Time{}
}

// States returns the states of tasks, "" for one that is not there any more, in one round
// trip.
func (c *Client) States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	replies := make([]stateReply, len(receipts))
	// Each reply carries its own error.
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, r := range receipts {
			replies[i] = askState(ctx, p, r.Queue, r.ID)
		}
		return nil
	})
	states := make([]tasks.State, len(receipts))
	for i, reply := range replies {
		var err error
		if states[i], err = reply.read(); err != nil {
			return nil, fmt.Errorf("state of task %s: %w", receipts[i].ID, err)
		}
	}
	return states, nil
}

// Gone returns those of some tasks, named queue/id, that have come to their end, or are not
// there any more: somebody has removed them.
func (c *Client) Gone(ctx context.Context, names []string) ([]string, error) {
	receipts := make([]tasks.Receipt, len(names))
	for i, name := range names {
		receipts[i].Queue, receipts[i].ID, _ = strings.Cut(name, "/")
	}
	states, err := c.States(ctx, receipts)
	if err != nil {
		return nil, err
	}
	var gone []string
	for i, state := range states {
		if state == "" || state.Ended() {
			gone = append(gone, names[i])
		}
	}
	return gone, nil
}
