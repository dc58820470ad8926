package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Errors of an attempt that may not write.
var (
	ErrSuperseded = errors.New("another attempt of the run has begun since: this one may do nothing more")
	ErrFull       = fmt.Errorf("the journal has %d entries and takes no more: do more in one step", maxEntries)
)

// Journal is the journal of a run in the hands of one attempt. It is safe for concurrent
// use.
type Journal struct {
	store   *Store
	pass    control.Pass
	run     Run
	attempt int

	mu      sync.Mutex
	history *History
	written bool                  // whether this attempt has written
	begins  map[string]begin      // of the steps it has begun and not ended, by name
	open    map[string]trace.Span // of the steps it has begun and not ended
}

// Open returns the journal of the run with the given name, for an attempt of that number
// that holds the pass. The error is [ErrDamaged] if it cannot be trusted.
func (s *Store) Open(ctx context.Context, pass control.Pass, id string, attempt int) (*Journal, error) {
	r := Run{User: pass.User, Task: pass.Task, ID: id}
	h, err := s.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	return &Journal{store: s, pass: pass, run: r, attempt: attempt, history: h, begins: make(map[string]begin), open: make(map[string]trace.Span)}, nil
}

// Undecided is [History.Undecided].
func (j *Journal) Undecided() (Step, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.history.Undecided()
}

// UndecidedError is the error of a step that waits for a person.
type UndecidedError struct{ Step Step }

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("step %q waits for a person's decision", e.Step.Name)
}

// Approval writes that a step with an effect is not to begin before a person has approved of
// it, with what it would be done with, as JSON. It returns an [*UndecidedError] then, and nil
// if somebody has decided already.
func (j *Journal) Approval(ctx context.Context, name string, input json.RawMessage) error {
	if err := checkName(name); err != nil {
		return tasks.Permanent(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.history.step(name) == nil {
		if err := j.persist(ctx, keptOpen, entry{Event: asked, Step: name, Effect: true, Attempt: j.attempt, Input: input}); err != nil {
			return err
		}
	}
	if s := j.history.step(name); s.State == Asked {
		return &UndecidedError{*s}
	}
	return nil
}

// Tell tells that a step of the run waits for a person. The error is [ErrSuperseded] if the attempt no
// longer performs it.
func (j *Journal) Tell(ctx context.Context, step string) error {
	good, err := j.store.brake.Ask(ctx, j.pass, step)
	if err == nil && !good {
		err = ErrSuperseded
	}
	return err
}

// Ended returns the result of the run and true if an earlier attempt has ended it.
func (j *Journal) Ended() (json.RawMessage, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.history.Result, !j.history.Ended.IsZero()
}

// Finished returns the finished steps, in the order in which they began.
func (j *Journal) Finished() []Step {
	j.mu.Lock()
	defer j.mu.Unlock()
	var steps []Step
	for _, s := range j.history.Steps {
		if s.Finished() {
			steps = append(steps, s)
		}
	}
	return steps
}

// End writes that the run is over. Its journal is kept for a day longer than the result, which
// is for retention: should the worker be lost before the task is acknowledged, it comes back.
// [Store.Trim] takes the day away once it is. A run without steps has no journal.
func (j *Journal) End(ctx context.Context, result json.RawMessage, retention time.Duration) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.history.Steps) == 0 {
		return nil
	}
	if err := j.persist(ctx, retention+keptEnded, entry{Event: ended, Result: result}); err != nil {
		return err
	}
	j.store.over.add(j.run, retention)
	return nil
}

// Close ends what the attempt tells of the steps that it has begun and not ended. It writes
// nothing.
func (j *Journal) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, span := range j.open {
		telemetry.Fail(context.Background(), span, errors.New("not ended"), "not_ended")
		span.End()
	}
}
