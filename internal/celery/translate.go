package celery

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// performs returns the kind that a message becomes here, false if it is the remaining Celery workers'.
// All attempts at a task are performed by the same side.
func (o Options) performs(m wire.Message) (Kind, bool) {
	k, known := o.Kinds[m.Task]
	if !known || k.Percent <= 0 {
		return k, false
	}
	if k.Percent >= 100 {
		return k, true
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(m.ID))
	return k, int(sum.Sum32()%100) < k.Percent
}

// refuse returns the error of a message that no task can be made of.
func refuse(m wire.Message, exception wire.Exception, format string, args ...any) error {
	return &wire.Refused{
		ID: m.ID, Task: m.Task, ReplyTo: m.ReplyTo, IgnoreResult: m.IgnoreResult,
		Exception: exception, Reason: fmt.Sprintf(format, args...),
	}
}

// translate returns the task that a message becomes. The error is a *[wire.Refused].
func (o Options) translate(m wire.Message, k Kind, now time.Time) (tasks.New, error) {
	if err := tasks.CheckID(m.ID); err != nil {
		return tasks.New{}, refuse(m, wire.ValueError, "%v", err)
	}
	if err := m.Strict(); err != nil {
		return tasks.New{}, err
	}
	payload, err := k.payload(m)
	if err != nil {
		return tasks.New{}, err
	}
	reply, err := json.Marshal(o.envelope(m))
	if err != nil {
		return tasks.New{}, refuse(m, wire.ValueError, "what follows the task cannot be kept: %v", err)
	}
	opts := tasks.Options{
		ID: m.ID, Once: true, Expires: m.Expires, SoftLimit: m.Soft, HardLimit: m.Hard, Retried: max(0, m.Retries), Reply: reply,
	}
	if m.ETA.After(now) {
		opts.At = m.ETA
	}
	return tasks.New{Args: tasks.Raw{Name: k.Name, Payload: payload}, Options: opts}, nil
}

// payload returns the payload that the arguments of a message make. The errors are Python's.
func (k Kind) payload(m wire.Message) (json.RawMessage, error) {
	if len(m.Args) > len(k.Args) {
		return nil, refuse(m, wire.TypeError, "%s() takes %d positional arguments but %d were given", m.Task, len(k.Args), len(m.Args))
	}
	named, err := wire.Members(m.Kwargs)
	if err != nil {
		return nil, refuse(m, wire.TypeError, "kwargs %v", err)
	}
	all := make(map[string]json.RawMessage, len(named)+len(m.Args))
	for _, one := range named {
		all[one.Name] = one.Value
	}
	for i, value := range m.Args {
		if _, twice := all[k.Args[i]]; twice {
			return nil, refuse(m, wire.TypeError, "%s() got multiple values for argument '%s'", m.Task, k.Args[i])
		}
		all[k.Args[i]] = value
	}
	payload, err := json.Marshal(wire.Place(all, k.User, k.Input))
	if err != nil {
		return nil, refuse(m, wire.ValueError, "%v", err)
	}
	return payload, nil
}

// refusedBy returns the refusal of a message whose task the queue refuses for good.
func refusedBy(m wire.Message, err error) error {
	if field := tasks.FieldOf(err); field != "" {
		return refuse(m, wire.TypeError, "%s() got a wrong argument '%s': %v", m.Task, field, err)
	}
	return refuse(m, wire.ValueError, "%v", err)
}

// asRefused returns the refusal in an error, nil if there is none.
func asRefused(err error) *wire.Refused {
	refused, _ := errors.AsType[*wire.Refused](err)
	return refused
}

// queueOf returns the queue of Celery that a task is sent to, given the one that its sender asks for.
func (o Options) queueOf(task, asked string) string {
	if asked != "" {
		return asked
	}
	if k, known := o.Kinds[task]; known {
		return k.CeleryQueue
	}
	return o.Route(task)
}
