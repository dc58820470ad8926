package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchyard/internal/command"
	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

type runCommand struct {
	Show runShow `cmd:"" help:"Draw the steps of an agent's run on a time line."`
}

// which names a run on the command line.
type which struct {
	Run string `arg:"" help:"The task's ID, or queue/ID."`
}

// find returns the task of a run, and the run.
func (w which) find(ctx context.Context, d door) (tasks.Status, journal.Run, error) {
	status, err := d.Find(ctx, w.Run)
	if err != nil {
		return status, journal.Run{}, err
	}
	run := journal.Run{User: tasks.UserOf(status.Payload), Task: status.Queue + "/" + status.ID, ID: status.Run}
	if err := tasks.CheckUser(run.User); err != nil {
		return status, run, fmt.Errorf("task %s is no agent's run: its payload has no user", run.Task)
	}
	return status, run, nil
}

type runShow struct {
	which
}

// Run implements the command.
func (cmd runShow) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		status, run, err := cmd.find(ctx, d)
		if err != nil {
			return err
		}
		history, err := d.History(ctx, status, run)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(history)
		}
		return timeline{status, run, history}.draw(out)
	})
}

// waiting names a step that waits for a person on the command line.
type waiting struct {
	which
	Step string `help:"The step that you have seen waiting. Should another one wait by now, nothing is decided."`
}

type approveCommand struct{ waiting }

// Run implements the command.
func (cmd approveCommand) Run(c *connection, out *command.Output) error {
	return cmd.decide(c, out, journal.Verdict{Decision: control.Approved, Step: cmd.Step})
}

type rejectCommand struct {
	waiting
	Result string `help:"What the step has brought after all, as JSON."`
}

// Run implements the command.
func (cmd rejectCommand) Run(c *connection, out *command.Output) error {
	if cmd.Result != "" && !json.Valid([]byte(cmd.Result)) {
		return command.With(command.Wrong, fmt.Errorf("--result %q is not JSON", cmd.Result))
	}
	return cmd.decide(c, out, journal.Verdict{Decision: control.Rejected, Step: cmd.Step, Result: json.RawMessage(cmd.Result)})
}

// decide writes a verdict about the run, and runs its task again.
func (w which) decide(c *connection, out *command.Output, v journal.Verdict) error {
	return c.with(func(ctx context.Context, d door) error {
		status, run, err := w.find(ctx, d)
		if err != nil {
			return err
		}
		step, goesOn, err := d.Decide(ctx, status, run, v)
		if errors.Is(err, journal.ErrDecided) {
			return fmt.Errorf("%w: the task is %s; see switchyard run show %s", err, status.State, status.ID)
		}
		if err == nil && !goesOn {
			err = fmt.Errorf("its last attempt has not ended: run it with switchyard task run %s/%s", status.Queue, status.ID)
		}
		if err != nil && step != "" && !goesOn {
			return fmt.Errorf("step %q is %s, and the run does not go on yet: %w", step, v.Decision, err)
		}
		if goesOn {
			decided := map[string]any{"run": run.Task, "user": run.User, "step": step, "decision": v.Decision}
			err = errors.Join(err, out.Say(decided, "step %q is %s; the run goes on", step, v.Decision))
		}
		return err
	})
}
