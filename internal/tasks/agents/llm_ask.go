package agents

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
)

// Asking is what the journal holds of a model's answer: the result of its step.
type Asking struct {
	Answer  llm.Answer `json:"answer"`
	Dropped int        `json:"dropped,omitempty"` // results of tools, for want of room
	Seconds float64    `json:"seconds,omitempty"` // until it was there
}

// askAny asks the agent's model, and if that does not answer, the one to fall back to. A
// conversation that is too long for it loses the oldest results of tools, as many as it takes.
func (t *talk) askAny(ctx context.Context, request llm.Request) (Asking, error) {
	names := []string{t.run.Definition.Model}
	if fallback := t.run.Definition.Fallback; fallback != "" {
		names = append(names, fallback)
	}
	var failures []error
	for _, name := range names {
		a, err := t.askPatiently(ctx, t.Models[name], request)
		if err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return a, context.Cause(ctx)
		}
		if daySpent(err) != "" {
			return a, err
		}
		failures = append(failures, fmt.Errorf("%s: %w", name, err))
	}
	return Asking{}, outcomeOf(failures)
}

// outcomeOf says what follows when no model answers: another attempt if one of the failures
// may pass, as soon as the first server wants to be asked again.
func outcomeOf(failures []error) error {
	all, passes, after := errors.Join(failures...), false, time.Duration(0)
	for _, err := range failures {
		var failure *llm.Error
		if !errors.As(err, &failure) {
			return all
		}
		if !failure.Passes() {
			continue
		}
		if passes = true; failure.RetryAfter > 0 && (after == 0 || failure.RetryAfter < after) {
			after = failure.RetryAfter
		}
	}
	switch {
	case after > 0:
		return tasks.RetryAfter(after, all)
	case passes:
		return all
	}
	return tasks.Permanent(all)
}

const (
	// askTimes is how often a model is asked that fails in a way that passes.
	askTimes = 3
	// firstWait is what is waited before the second time, unless the server says; it doubles.
	firstWait = time.Second
	// longestWait is what a slot waits at most. A server that asks for more gets its request
	// from a later attempt, which the journal brings to the same place.
	longestWait = 30 * time.Second
)

// askPatiently asks one model, again if it fails in a way that passes.
func (t *talk) askPatiently(ctx context.Context, m llm.Priced, request llm.Request) (Asking, error) {
	request.MaxTokens = m.MaxTokens
	if t.Book.Limited() {
		request.MaxTokens = cmp.Or(m.MaxTokens, llm.DefaultMaxTokens) // what is not bounded cannot be set aside
	}
	dropped, wait := 0, firstWait
	for times := 1; ; {
		answer, err := t.askPaying(ctx, m, request)
		if err == nil {
			return Asking{Answer: answer, Dropped: dropped}, nil
		}
		var failure *llm.Error
		if !errors.As(err, &failure) {
			return Asking{}, err
		}
		if failure.Class == llm.TooLong {
			shorter, ok := withoutOldest(request.Turns, dropped+1)
			if !ok {
				return Asking{}, err
			}
			dropped, request.Turns = dropped+1, shorter
			continue
		}
		pause := cmp.Or(failure.RetryAfter, wait)
		if !failure.Passes() || times == askTimes || pause > longestWait {
			return Asking{}, err
		}
		times, wait = times+1, wait*2
		if err := t.Sleep(ctx, pause); err != nil {
			return Asking{}, err
		}
	}
}
