package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/cache"
	"switchyard/internal/control"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// persistFor is how long a step's begin or end is written again while Redis does not take it.
// A worker that reaches no Redis for 10 s has lost its tasks in any case.
const persistFor = 10 * time.Second

// persistEvery is how often.
const persistEvery = 200 * time.Millisecond

// Errors of an attempt that may not write.
var (
	ErrFenced = errors.New("another attempt of the run has begun since: this one may do nothing more")
	ErrFull   = fmt.Errorf("the journal has %d entries and takes no more: do more in one step", maxEntries)
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
	return &Journal{store: s, pass: pass, run: r, attempt: attempt, history: h, open: make(map[string]trace.Span)}, nil
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

// Tell tells that a step of the run waits for a person.
func (j *Journal) Tell(ctx context.Context, step string) error {
	return j.store.brake.Decide(ctx, j.run.User, j.run.Task, step, control.Asked)
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

// Begin writes that a step begins, and returns true if it may. It returns false and the
// step if that is finished already, also by an earlier attempt. effect says that it acts
// on the world outside. The error is [control.ErrPaused] if the user's brake is on, and
// [ErrFenced] if the run is in other hands. Names are unique within a run. While Redis does
// not answer, Begin tries for a while.
func (j *Journal) Begin(ctx context.Context, name string, effect bool) (Step, bool, error) {
	if err := checkName(name); err != nil {
		return Step{}, false, tasks.Permanent(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.history.step(name); s != nil {
		if s.Finished() {
			return *s, false, nil
		}
		if s.State == Asked {
			return Step{}, false, &UndecidedError{*s}
		}
		if j.open[name] != nil || s.InDoubt() {
			return Step{}, false, tasks.Permanent(fmt.Errorf("step %q has begun and is not done: end it first, or give steps names of their own", name))
		}
	}
	patient, cancel := context.WithTimeout(ctx, persistFor)
	defer cancel()
	err := patiently(patient, func() error {
		held, err := j.store.brake.Held(patient, []string{j.pass.User})
		if err != nil {
			return err
		}
		if held[0] {
			return control.ErrPaused
		}
		return j.write(patient, keptOpen, true, entry{Event: begun, Step: name, Effect: effect, Attempt: j.attempt})
	})
	if err != nil {
		return Step{}, false, err
	}
	_, j.open[name] = telemetry.Start(ctx, trace.SpanKindInternal, "step "+name, telemetry.Step(name, effect)...)
	return *j.history.step(name), true, nil
}

// Done writes that a step is done, with its result as JSON. A step that did not begin is
// taken to have begun when the last one ended. Done also writes while the brake is on, and
// goes on for a while when Redis does not answer or ctx has ended: what is done is done.
func (j *Journal) Done(ctx context.Context, name string, result json.RawMessage) error {
	if len(result) > maxResult {
		return tasks.Permanent(fmt.Errorf("the result of step %q has %d bytes, at most %d are kept: store the data and return a reference", name, len(result), maxResult))
	}
	return j.close(ctx, entry{Event: done, Step: name, Result: result})
}

// Undone writes that a step has certainly not been done, and may begin again.
func (j *Journal) Undone(ctx context.Context, name, why string) error {
	return j.close(ctx, entry{Event: undone, Step: name, Error: fmt.Sprintf("%.500s", why)})
}

func (j *Journal) close(ctx context.Context, e entry) error {
	if err := checkName(e.Step); err != nil {
		return tasks.Permanent(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.history.step(e.Step); s != nil && s.Finished() {
		return tasks.Permanent(fmt.Errorf("step %q is finished already: give steps names of their own", e.Step))
	}
	e.Attempt = j.attempt
	if err := j.persist(ctx, keptOpen, e); err != nil {
		return err
	}
	if span := j.open[e.Step]; span != nil {
		if e.Event == undone {
			telemetry.Fail(ctx, span, errors.New(e.Error), string(undone))
		}
		span.End()
	}
	delete(j.open, e.Step)
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

// Do does a step unless it is done, and returns its result either way. An error leaves the
// step begun: without an effect it is done again by the next attempt, with one it is in
// doubt, unless the error comes from [NotDone].
func (j *Journal) Do(ctx context.Context, name string, effect bool, do func(ctx context.Context) (json.RawMessage, error)) (json.RawMessage, error) {
	step, begins, err := j.Begin(ctx, name, effect)
	if err != nil || !begins {
		return step.Result, err
	}
	j.mu.Lock()
	inner := trace.ContextWithSpan(ctx, j.open[name])
	j.mu.Unlock()
	result, err := do(inner)
	if err == nil {
		return result, j.Done(ctx, name, result)
	}
	var not notDoneError
	if errors.As(err, &not) {
		err = errors.Join(err, j.Undone(ctx, name, err.Error()))
	}
	return nil, err
}

type notDoneError struct{ error }

func (e notDoneError) Unwrap() error { return e.error }

// NotDone marks the error of a step that has certainly had no effect.
func NotDone(err error) error { return notDoneError{err} }

// End writes that the run is over, and keeps its journal as long as the result, which is
// for retention, and a day. A run without steps has no journal.
func (j *Journal) End(ctx context.Context, result json.RawMessage, retention time.Duration) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.history.Steps) == 0 {
		return nil
	}
	return j.persist(ctx, retention+keptEnded, entry{Event: ended, Result: result})
}

// persist is write, again until Redis takes it or it has been tried for long enough, also
// once ctx has ended.
func (j *Journal) persist(ctx context.Context, kept time.Duration, e entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), persistFor)
	defer cancel()
	return patiently(ctx, func() error { return j.write(ctx, kept, false, e) })
}

// patiently writes again and again while Redis does not answer, until ctx ends.
func patiently(ctx context.Context, write func() error) error {
	for {
		err := write()
		if cache.IsFinal(err) || errors.Is(err, ErrFenced) || errors.Is(err, control.ErrPaused) || tasks.IsPermanent(err) {
			return err
		}
		select {
		case <-time.After(persistEvery):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// write writes an entry, and before the first one of this attempt that it is under way.
func (j *Journal) write(ctx context.Context, kept time.Duration, unpaused bool, e entry) error {
	entries := []entry{e}
	if !j.written {
		entries = []entry{{Event: attempted, Attempt: j.attempt, Worker: j.store.worker}, e}
	}
	args := []any{kept.Milliseconds(), maxEntries, j.pass.Task, j.pass.Token, unpaused}
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil {
			return tasks.Permanent(fmt.Errorf("step %q: the result is not JSON: %w", e.Step, err))
		}
		args = append(args, text)
	}
	keys := append([]string{j.store.key(j.run)}, j.pass.Keys...)
	said, err := appendScript.Run(ctx, j.store.client, keys, args...).Text()
	switch {
	case err != nil:
		return fmt.Errorf("write the journal of %s: %w", j.run.Task, err)
	case said == "fenced":
		return ErrFenced
	case said == "paused":
		return control.ErrPaused
	case said == "full":
		return tasks.Permanent(ErrFull)
	}
	j.written = true
	for _, e := range entries {
		e.at = time.Now()
		j.history.add(e)
	}
	return nil
}

// checkName reports why a step cannot have a name.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New(`a step has no name: give it one, such as "send mail"`)
	case len(name) > MaxName:
		return fmt.Errorf("step %.20q… has a name of %d bytes: at most %d are allowed", name, len(name), MaxName)
	case !utf8.ValidString(name) || containsControl(name):
		return fmt.Errorf("step %.50q: leave control characters out of its name", name)
	}
	return nil
}

func containsControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}
