// Package journal keeps what an agent's run has done, so that the next attempt goes on
// where the last one was cut off and does nothing twice.
//
// A journal is a list in Redis, in the slot of its user's brake. A step is
// written when it begins and, in place of that, when it is done, before the next may begin. One with an
// effect on the world outside that has begun and is not known to be done is left to a
// person; see [Store.Decide]. Only the attempt that entered last may write: the others'
// passes are refused in the same script that would write.
package journal

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

const (
	// keptOpen is how long the journal of a run that is not over is kept after its last
	// entry: as long as asynq keeps a dead task, which may be run again by hand.
	keptOpen = 90 * 24 * time.Hour
	// keptEnded is how long it is kept beyond its task's result while the task is not known to
	// be over: should a worker be lost between the end of a run and the acknowledgement, the
	// task comes back.
	keptEnded = 24 * time.Hour
	// maxEntries bounds a journal.
	maxEntries = 10_000
	// MaxName bounds the name of a step, in bytes.
	MaxName = 200
	// maxResult bounds the result of a step, in bytes.
	maxResult = tasks.DefaultMaxPayload
)

//go:embed append.lua
var appendLua string

var appendScript = redis.NewScript(appendLua)

// Brake tells whose agents are paused, and tells users what waits for them.
type Brake interface {
	// On reports for each user whether their brake is on, or everyone's.
	On(ctx context.Context, users []string) ([]bool, error)
	// Ask tells that a step of a run waits for a decision. It reports false if the pass is no longer good.
	Ask(ctx context.Context, p control.Pass, step string) (bool, error)
	// Decide tells the decision about a step of a user's task.
	Decide(ctx context.Context, user, task, step string, d control.Decision) error
}

// Store keeps journals. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	brake  Brake
	prefix string
	worker string
	over   over
}

// NewStore returns a store whose keys carry prefix, which includes its colon.
func NewStore(client redis.UniversalClient, brake Brake, prefix string) *Store {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Store{client: client, brake: brake, prefix: prefix, worker: fmt.Sprintf("%s:%d", host, os.Getpid())}
}

// Run names a run: the task of a user, as queue/id, and the name that its attempts share
// and no other run has, also none of a later task under the same ID.
type Run struct{ User, Task, ID string }

// key is the journal of a run.
func (s *Store) key(r Run) string {
	return s.prefix + "{user:" + tasks.UserKey(r.User) + "}:journal:" + r.Task + ":" + r.ID
}

// Read returns the history of a run; an empty one if it has no journal. The error is
// [ErrDamaged] if it cannot be trusted.
func (s *Store) Read(ctx context.Context, r Run) (*History, error) {
	h, _, err := s.read(ctx, r)
	return h, err
}

// read also returns how many entries there are.
func (s *Store) read(ctx context.Context, r Run) (*History, int, error) {
	stored, err := s.client.LRange(ctx, s.key(r), 0, -1).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal of %s: %w", r.Task, err)
	}
	h, err := read(stored)
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal of %s: %w", r.Task, err)
	}
	return h, len(stored), nil
}

// Errors of a decision that nobody waits for.
var (
	ErrDecided   = errors.New("no step of the run waits for a decision")
	ErrOtherStep = errors.New("look at it before you decide")
)

// Verdict is what a person has decided about the step of a run that waits for it.
type Verdict struct {
	// Decision is [control.Approved], and the step is done, or [control.Rejected], and it
	// counts as done with the Result, which may be nil.
	Decision control.Decision
	// Step is the step that the person has seen waiting; "" stands for whichever waits.
	Step   string
	Result json.RawMessage
}

// Decide writes a verdict and returns the name of the step. The error is [ErrDecided] if none
// waits. The task has to be run again afterwards.
func (s *Store) Decide(ctx context.Context, r Run, v Verdict) (string, error) {
	for {
		h, length, err := s.read(ctx, r)
		if err != nil {
			return "", err
		}
		step, ok := h.Undecided()
		if !ok {
			return "", fmt.Errorf("run %s: %w", r.Task, ErrDecided)
		}
		if v.Step != "" && v.Step != step.Name {
			return "", fmt.Errorf("run %s: step %q waits by now, and not %q: %w", r.Task, step.Name, v.Step, ErrOtherStep)
		}
		e := entry{Event: approved, Step: step.Name}
		if v.Decision == control.Rejected {
			e = entry{Event: rejected, Step: step.Name, Result: v.Result}
		}
		text, err := json.Marshal(e)
		if err != nil {
			return "", fmt.Errorf("run %s: the result is not JSON: %w", r.Task, err)
		}
		said, err := appendScript.Run(ctx, s.client, []string{s.key(r)}, keptOpen.Milliseconds(), maxEntries, "", length, text).Text()
		if err != nil {
			return "", fmt.Errorf("decide about %s: %w", r.Task, err)
		}
		if said == "ok" {
			return step.Name, s.brake.Decide(ctx, r.User, r.Task, step.Name, v.Decision)
		}
		if said != "moved" {
			return "", fmt.Errorf("run %s: the journal is %s", r.Task, said)
		}
	}
}
