package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// job is the work that a service has been asked to do for a run. A run has more than one
// if it was paused, or if the service has lost the work. Each is a step of the journal,
// done once the service has accepted it, and a second one when it is over without an
// answer.
type job struct {
	journal  *journal.Journal
	number   int  // from 1
	accepted bool // where it is asked for is known
	location string
}

// accepted is the result of a job's step.
type accepted struct {
	Location string `json:"location,omitempty"`
}

// resume returns the job that earlier attempts have left open, or a new one.
func resume(j *journal.Journal) *job {
	steps := j.Finished()
	open := &job{journal: j, number: len(steps)/2 + 1}
	if len(steps)%2 == 1 {
		var a accepted
		open.accepted = json.Unmarshal(steps[len(steps)-1].Result, &a) == nil
		open.location = a.Location
	}
	return open
}

func (j *job) step() string { return fmt.Sprintf("job %d", j.number) }

// begin returns the service's answer to the job, which is sent unless it was accepted
// before.
func (j *job) begin(ctx context.Context, run Run, c *call) (answer, error) {
	if j.accepted {
		return answer{status: http.StatusAccepted}, c.follow(j.location)
	}
	body, err := json.Marshal(newInput(run))
	if err != nil {
		return answer{}, fmt.Errorf("encode input: %w", err)
	}
	step, _, err := j.journal.Begin(ctx, j.step(), false)
	if err != nil {
		return answer{}, err
	}
	a, err := c.do(ctx, http.MethodPost, body)
	if a.status == http.StatusConflict && step.Begins > 1 {
		return a, errAtWork
	}
	if err == nil && a.status == http.StatusAccepted {
		if err = c.follow(a.location); err == nil {
			err = j.accept(ctx, a.location)
		}
	}
	return a, err
}

var errAtWork = errors.New("the service answers 409 to a call that it may have had before: it is asked again")

// accept notes that the service works on the job, and where it is asked for.
func (j *job) accept(ctx context.Context, location string) error {
	result, err := json.Marshal(accepted{location})
	if err == nil {
		err = j.journal.Done(ctx, j.step(), result)
	}
	j.accepted, j.location = err == nil, location
	return err
}

// over notes that nobody asks for the job any more.
func (j *job) over(ctx context.Context, why string) error {
	if !j.accepted {
		if err := j.accept(ctx, ""); err != nil {
			return err
		}
	}
	result, err := json.Marshal(why)
	if err != nil {
		return err
	}
	return j.journal.Done(ctx, j.step()+" is over", result)
}

// leave ends an attempt before its time, and returns why it did. A job that nobody will
// come back for is cancelled; one whose worker only stops, or has lost the task to another,
// is left to the next attempt, and so is one of which nobody knows whether it goes on.
func (j *job) leave(ctx context.Context, c *call) error {
	cause := context.Cause(ctx)
	for _, last := range []error{control.ErrPaused, tasks.ErrSoftLimit, tasks.ErrHardLimit, tasks.ErrCancelled, tasks.ErrExpired} {
		if errors.Is(cause, last) && c.cancel(ctx) {
			return errors.Join(cause, j.over(ctx, "cancelled"))
		}
	}
	return cause
}

var errLost = errors.New("the service has lost the work that it had accepted: it is started anew")

// lost returns the error of an attempt whose service has lost the job.
func (j *job) lost(ctx context.Context) error {
	return errors.Join(errLost, j.over(ctx, "lost"))
}
