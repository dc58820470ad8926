package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Run is one attempt of an agent's task.
type Run struct {
	Task       *tasks.Task
	Definition Definition
	Args       Args
	// Journal holds the steps that earlier attempts have done, and takes those of this one.
	Journal *journal.Journal
}

// Runtime runs an agent. An implementation honours ctx, is safe for concurrent use,
// and returns a value that can be encoded as JSON.
type Runtime interface {
	// Check reports what is wrong with the definition of an agent.
	Check(d Definition) error
	Run(ctx context.Context, run Run) (any, error)
}

// Brake stops the runs of a user.
type Brake interface {
	// Enter lets a run of a user's task in, named queue/id. The run's context ends with
	// the cause [control.ErrPaused] when the brake is put on, and that is the error if it
	// is on already; [control.ErrResumed] if it is off again. The pass is to be left.
	Enter(ctx context.Context, user, task string) (run context.Context, pass control.Pass, err error)
	// Words say what stops the user now, since when, and what lets them go on; "" if nothing
	// does or that cannot be told.
	Words(ctx context.Context, user string) string
}

// Journals opens the journal of a run, by the pass and the name of the run, for an attempt.
type Journals interface {
	Open(ctx context.Context, pass control.Pass, run string, attempt int) (*journal.Journal, error)
}

const (
	// parkedFor is after how long a parked task asks for the brake by itself, should nobody
	// have run it when the brake was released.
	parkedFor = 5 * time.Minute
	// resumedFor is after how long a run goes on whose user was resumed while it stopped.
	resumedFor = 100 * time.Millisecond
	// fencedFor is after how long a run is tried again that found itself in other hands.
	fencedFor = 5 * time.Second
)

// run performs one attempt in a span.
func (a *Agents) run(ctx context.Context, run Run) (any, error) {
	ctx, span := telemetry.Start(ctx, trace.SpanKindInternal, "invoke_agent "+run.Args.Agent, telemetry.Agent(run.Args.Agent, run.Definition.Runtime, run.Task.Run)...)
	if run.Definition.TraceContent && span.IsRecording() {
		ctx = telemetry.WithContent(ctx)
	}
	value, err := a.runBraked(ctx, run)
	telemetry.End(ctx, span, err, classOf(err))
	return value, err
}

// classOf says of an attempt's error what is to become of it.
func classOf(err error) string {
	switch {
	case tasks.IsParked(err):
		return "set_aside"
	case tasks.IsPermanent(err):
		return "permanent"
	}
	return "transient"
}

// runBraked performs one attempt, unless and until the user's brake is on.
func (a *Agents) runBraked(ctx context.Context, run Run) (any, error) {
	user := run.Args.User
	braked, pass, err := a.brake.Enter(ctx, user, run.Task.Queue+"/"+run.Task.ID)
	switch {
	case errors.Is(err, control.ErrPaused):
		return nil, a.paused(ctx, user)
	case errors.Is(err, control.ErrResumed):
		return nil, resumed(user)
	case err != nil:
		return nil, fmt.Errorf("agent %s: %w", run.Args.Agent, err)
	}
	value, err := a.attempt(braked, pass, run)
	stopped := errors.Is(err, control.ErrPaused) || err != nil && errors.Is(context.Cause(braked), control.ErrPaused)
	released := pass.Leave(stopped)
	switch {
	case released:
		return nil, resumed(user)
	case stopped:
		return nil, a.paused(ctx, user)
	case errors.Is(err, journal.ErrSuperseded):
		return nil, tasks.ParkedFor(fencedFor, err.Error())
	}
	return value, err
}

// paused parks a task of a user who is paused.
func (a *Agents) paused(ctx context.Context, user string) error {
	words := a.brake.Words(ctx, user)
	if words == "" {
		words = fmt.Sprintf("the agents of %s were paused", user)
	}
	return tasks.ParkedFor(parkedFor, words)
}

// resumed lets a task of a user who was paused try again.
func resumed(user string) error {
	return tasks.ParkedFor(resumedFor, fmt.Sprintf("the agents of %s were paused and resumed", user))
}

// attempt goes on where the journal ends.
func (a *Agents) attempt(ctx context.Context, pass control.Pass, run Run) (any, error) {
	var err error
	if run.Journal, err = a.journals.Open(ctx, pass, run.Task.Run, run.Task.Attempt); err != nil {
		if errors.Is(err, journal.ErrDamaged) {
			err = tasks.Permanent(fmt.Errorf("%w; what the run has done is not known: look into it, and send the task anew", err))
		}
		return nil, err
	}
	defer run.Journal.Close()
	if result, ended := run.Journal.Ended(); ended {
		return orNil(result), nil
	}
	if step, waits := run.Journal.Undecided(); waits {
		return nil, waitForPerson(ctx, run, step, nil)
	}
	value, err := a.runtimes[run.Definition.Runtime].Run(ctx, run)
	var undecided *journal.UndecidedError
	if errors.As(err, &undecided) {
		return nil, waitForPerson(ctx, run, undecided.Step, nil)
	}
	if err != nil {
		return nil, orWait(ctx, run, err)
	}
	result, err := json.Marshal(value)
	if err != nil {
		return nil, tasks.Permanent(fmt.Errorf("encode result: %w", err))
	}
	return orNil(result), run.Journal.End(ctx, result, run.Task.Retention)
}

// orNil returns a result, nil if it is JSON's null or missing.
func orNil(result json.RawMessage) any {
	if len(result) == 0 || string(result) == "null" {
		return nil
	}
	return result
}
