package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/cache"
	"switchyard/internal/control"
	"switchyard/internal/redact"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Begin writes that a step begins, and returns true if it may. It returns false and the
// step if that is finished already, also by an earlier attempt. effect says that it acts
// on the world outside. The error is [control.ErrPaused] if the user's brake is on, and
// [ErrSuperseded] if the run is in other hands, or what [tasks.Held] says if it may be. Names are unique within a run. While Redis does
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
	err := cache.Patiently(patient, persistEvery, isFinal, func() error {
		held, err := j.store.brake.On(patient, []string{j.pass.User})
		if err != nil {
			return err
		}
		if held[0] {
			return control.ErrPaused
		}
		return j.write(patient, keptOpen, true, entry{Event: begun, Step: name, Effect: effect, Attempt: j.attempt})
	})
	if err == nil {
		err = tasks.Held(ctx) // or the process was stopped meanwhile, and others have done it
	}
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
	return j.close(ctx, entry{Event: undone, Step: name, Error: fmt.Sprintf("%.500s", redact.Process.Said(why))})
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
