package remote

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

//go:embed swap.lua
var swapLua string

var swapScript = redis.NewScript(swapLua)

// call is one attempt at a task as a worker of Celery performs it. It is written before its message
// is sent: whoever goes on with the attempt sends the same one, which is put into its list once.
type call struct {
	ID   string `json:"id"` // of the task in Celery
	Kind string `json:"kind"`
	Run  string `json:"run"` // as [tasks.Task.Run]
	// User is whose brake stops it, "" for nobody's.
	User string `json:"user,omitempty"`
	// Attempt and Losses are those of the task when it was called.
	Attempt int `json:"attempt"`
	Losses  int `json:"losses,omitempty"`
	// Sent says that its message is known to be in its list, or was.
	Sent bool `json:"sent,omitempty"`
	// Due is by when there must be a result, Unix time in ms; 0: whenever.
	Due int64 `json:"due,omitempty"`
	// Over says that nothing is awaited of it any more, and why: another attempt is another call.
	Over *over `json:"over,omitempty"`
}

// over is how a call ended that brought no result.
type over struct {
	Error string `json:"error"`
	Ended ended  `json:"ended"`
	// Attempt and Losses are those of the task then.
	Attempt int `json:"attempt"`
	Losses  int `json:"losses,omitempty"`
}

// ended says what becomes of a task whose call is over.
type ended string

const (
	failed    ended = "failed"    // another attempt may follow
	hopeless  ended = "hopeless"  // none may
	cancelled ended = "cancelled" // somebody has revoked it in Celery
	braked    ended = "braked"    // its user's brake was put on
)

// kept is a call as it stands in Redis, with the text by which it is known to be unchanged.
type kept struct {
	call
	text string // "" if there is none
}

// underway reports whether a result of the call is awaited for a run.
func (c call) underway(run string) bool { return c.ID != "" && c.Run == run && c.Over == nil }

// tells reports whether an attempt at a task is the one that a call has ended: its worker was lost
// before it could say so. One that follows has a higher count of failures, and one that somebody
// runs by hand has lost no worker.
func (c call) tells(t *tasks.Task) bool {
	o := c.Over
	return c.Run == t.Run && o != nil && o.Ended != braked && t.Losses > o.Losses && t.Attempt-t.Losses == o.Attempt-o.Losses
}

// err is the error of the attempt whose call is over.
func (o over) err() error {
	switch o.Ended {
	case hopeless:
		return tasks.Permanent(errors.New(o.Error))
	case cancelled:
		return fmt.Errorf("%w: %s", tasks.ErrCancelled, o.Error)
	}
	return errors.New(o.Error)
}

// due returns by when there must be a result, zero for whenever.
func (c call) due() time.Time {
	if c.Due == 0 {
		return time.Time{}
	}
	return time.UnixMilli(c.Due)
}

// newCall returns the call of an attempt that begins.
func newCall(t *tasks.Task, user string) call {
	return call{ID: uuid.NewString(), Kind: t.Kind, Run: t.Run, User: user, Attempt: t.Attempt, Losses: t.Losses}
}

// calls are the calls of all tasks, by queue/id.
type calls struct {
	redis redis.UniversalClient
	key   string
}

// load returns the latest call of a task.
func (s *calls) load(ctx context.Context, name tasks.Name) (kept, error) {
	text, err := s.redis.HGet(ctx, s.key, name.String()).Result()
	if errors.Is(err, redis.Nil) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, fmt.Errorf("look for the call of task %s in %s: %w", name, s.key, err)
	}
	return read(text), nil
}

// read reads a call. What is none counts as one of another task, which is replaced.
func read(text string) kept {
	k := kept{text: text}
	if json.Unmarshal([]byte(text), &k.call) != nil || uuid.Validate(k.ID) != nil {
		k.call = call{}
	}
	return k
}

// replace puts a call in the place of another, unless somebody else has done so: the error is
// [errTaken] then.
func (s *calls) replace(ctx context.Context, name tasks.Name, was kept, next call) (kept, error) {
	text, err := json.Marshal(next)
	if err != nil {
		return was, fmt.Errorf("encode the call of task %s: %w", name, err)
	}
	if err := s.swap(ctx, name.String(), was.text, string(text)); err != nil {
		return was, err
	}
	return kept{next, string(text)}, nil
}

// remove forgets what is kept in a field, unless something else has taken its place.
func (s *calls) remove(ctx context.Context, field string, was kept) error {
	return s.swap(ctx, field, was.text, "")
}

// errTaken says that another worker goes on with a call.
var errTaken = errors.New("another worker goes on with it")

func (s *calls) swap(ctx context.Context, field, was, next string) error {
	ask, _ := json.Marshal(map[string]any{"field": field, "there": was != "", "leaves": next == ""}) // always has a text
	done, err := swapScript.Run(ctx, s.redis, []string{s.key}, ask, was, next).Int()
	if err != nil {
		return fmt.Errorf("note the call of task %s in %s: %w", field, s.key, err)
	}
	if done == 0 {
		return errTaken
	}
	return nil
}
