package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed change.lua
var changeLua string

var changeScript = redis.NewScript(givenLua + byHandLua + changeLua)

// ErrChanged says that a task is not as its reader has seen it.
var ErrChanged = errors.New("it has changed meanwhile: look at it again")

// changeTries is how often a change is tried on a task that moves at the same time.
const changeTries = 10

// Change changes when a task runs that waits for anything but its end, and by when it must be done.
// Nothing is changed unless meant, which may be nil, approves of the task as it is then: the error
// is [ErrChanged]. The error of what is handled says if the task is in no state to be changed.
func (c *Client) Change(ctx context.Context, name tasks.Name, change tasks.Change, meant func(tasks.Status) bool) (tasks.Handled, error) {
	for range changeTries {
		h, stale, err := c.tryChange(ctx, name, change, meant)
		if err != nil || !stale {
			return h, err
		}
	}
	return tasks.Handled{}, fmt.Errorf("task %s: %w", name, ErrChanged)
}

// changed are the fields that change.lua compares: whatever moves a task that waits changes one.
var changed = []string{"msg", "state", "pending_since", format.DueField, format.ParkedField}

// tryChange changes a task as it was read; stale says that it was another one by then.
func (c *Client) tryChange(ctx context.Context, name tasks.Name, change tasks.Change, meant func(tasks.Status) bool) (h tasks.Handled, stale bool, err error) {
	// What is compared is read first: so the status is that of the task that is changed.
	seen, err := c.redis.HMGet(ctx, format.TaskKey(name.Queue, name.ID), changed...).Result()
	if err != nil && !isWrongType(err) {
		return h, false, fmt.Errorf("change task %s: %w", name, err)
	}
	s, found, err := c.Status(ctx, name.Queue, name.ID)
	if err != nil {
		return h, false, err
	}
	h = tasks.Handled{Name: name, Was: s.State, Now: s.State, For: tasks.UserOf(s.Payload)}
	if !found {
		h.Err = noTask(name)
		return h, false, nil
	}
	if meant != nil && !meant(s) {
		return h, false, fmt.Errorf("task %s: %w", name, ErrChanged)
	}
	if !s.State.Waits() {
		h.Err = fmt.Errorf("task %s is %s: only one that waits is changed", name, s.State)
		return h, false, nil
	}
	if err := checkChange(s, change, time.Now()); err != nil {
		return h, false, err
	}
	stale = c.write(ctx, &h, s, change, seen)
	return h, stale, nil
}

// write has the script change a task that was seen with the given fields.
func (c *Client) write(ctx context.Context, h *tasks.Handled, s tasks.Status, change tasks.Change, seen []any) (stale bool) {
	d := deed{
		script: changeScript,
		say: func(s tasks.Status, call *handCall) []byte {
			if !change.At.IsZero() {
				call.Due = change.At.UnixMilli()
			}
			return deadlineOf(s, change)
		},
		read: func(did string, h *tasks.Handled) {
			stale = did == "stale"
			switch did {
			case "changed":
				h.Now = stateAfter(h.Was, change.At)
			case "":
				h.Err = fmt.Errorf("task %s is %s, or about to end: only one that waits is changed", h.Name, h.Was)
			}
		},
	}
	one := handInvocation(h.Name, s, d, "")
	for _, value := range seen {
		text, _ := value.(string)
		one.args = append(one.args, text)
	}
	c.invoke(ctx, d.script, []*invocation{one}, func(redis.Pipeliner) {})
	readHand(one.reply, h, d)
	return stale
}

// stateAfter returns the state of a task that was to wait until at; zero: as it did.
func stateAfter(was tasks.State, at time.Time) tasks.State {
	switch {
	case at.IsZero():
		return was
	case !at.After(time.Now()):
		return tasks.StateWaiting
	case was == tasks.StateRetrying, was == tasks.StateParked:
		return was
	}
	return tasks.StateScheduled
}

// checkChange reports a change after which the task could never run.
func checkChange(s tasks.Status, change tasks.Change, now time.Time) error {
	o := tasks.Options{At: change.At, Deadline: change.Deadline}
	if o.At.IsZero() && s.State != tasks.StateParked && s.NextRun.After(now) {
		o.At = s.NextRun
	}
	if o.Deadline.IsZero() {
		o.Deadline = s.Deadline
	}
	return checkTimes(o, now)
}

// deadlineOf returns what the message gets appended. A deadline takes the place of the time by which
// a task of the schedule must begin.
func deadlineOf(s tasks.Status, change tasks.Change) []byte {
	if change.Deadline.IsZero() {
		return nil
	}
	text := format.Deadline(change.Deadline.Unix())
	if s.Headers[format.ExpiresHeader] != "" {
		text = append(text, format.Header(format.ExpiresHeader, "")...)
	}
	return text
}
