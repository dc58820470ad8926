package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/cache"
	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// persistFor is how long a step's begin or end is written again, once its attempt is over, while
// Redis does not take it. A worker that reaches no Redis for 10 s has lost its tasks in any case.
const persistFor = 10 * time.Second

// persistEvery is how often.
const persistEvery = 200 * time.Millisecond

// persist is write, again until Redis takes it or ctx has ended for long enough.
func (j *Journal) persist(ctx context.Context, kept time.Duration, e entry) error {
	ctx, cancel := cache.Outlast(ctx, persistFor)
	defer cancel()
	return cache.Patiently(ctx, persistEvery, isFinal, func() error { return j.write(ctx, kept, false, e) })
}

// isFinal reports whether it is no use to write again.
func isFinal(err error) bool {
	return cache.IsFinal(err) || errors.Is(err, ErrSuperseded) || errors.Is(err, control.ErrPaused) || tasks.IsPermanent(err)
}

// write writes an entry; the first one of this attempt says that it is under way. The end of a
// step takes the place of its begin, if nothing was written between them.
func (j *Journal) write(ctx context.Context, kept time.Duration, unpaused bool, e entry) error {
	if !j.written {
		e.Attempt, e.Worker = j.attempt, j.store.worker
	}
	replaced := ""
	if began, open := j.begins[e.Step]; open && e.Event != begun {
		replaced, e.Effect, e.Worker = began.text, began.Effect, began.Worker
	}
	text, err := json.Marshal(e)
	if err != nil {
		return tasks.Permanent(fmt.Errorf("step %q: the result is not JSON: %w", e.Step, err))
	}
	keys := append([]string{j.store.key(j.run)}, j.pass.Keys...)
	said, err := appendScript.Run(ctx, j.store.client, keys, kept.Milliseconds(), maxEntries, replaced, j.pass.Task, j.pass.Token, unpaused, text).Text()
	switch {
	case err != nil:
		return fmt.Errorf("write the journal of %s: %w", j.run.Task, err)
	case said == "fenced":
		return ErrSuperseded
	case said == "paused":
		return control.ErrPaused
	case said == "full":
		return tasks.Permanent(ErrFull)
	}
	j.written = true
	delete(j.begins, e.Step)
	if e.Event == begun {
		j.begins[e.Step] = begin{e, string(text)}
	}
	if replaced != "" {
		e.Worker = "" // the begin has told it
	}
	e.at = time.Now()
	j.history.add(e)
	return nil
}

// begin is the begin of a step, as this attempt has written it.
type begin struct {
	entry
	text string
}
