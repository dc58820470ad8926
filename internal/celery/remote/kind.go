package remote

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// Kind is how tasks of a kind are sent to Celery.
type Kind struct {
	Task string   // its name in Celery
	Args []string // the names of its positional arguments
	// User is the argument that is the payload's user, Input the one that is its input; * are all
	// members of the input.
	User, Input string
	Queue       string // its queue in Celery, which nobody here takes messages from
	Priority    int    // of its messages, as Celery counts: 0 is served first
}

// Define returns the kind of that name as whoever sends tasks knows it.
func (k Kind) Define(name string) tasks.Kind {
	return tasks.Kind{Name: name, Version: 1, Args: reflect.TypeFor[map[string]any](), Check: func(payload []byte) error {
		if brakedKind(name) {
			if err := tasks.CheckUser(tasks.UserOf(payload)); err != nil {
				return err
			}
		}
		_, _, err := k.arguments(payload)
		return err
	}}
}

// arguments returns the arguments that a payload makes.
func (k Kind) arguments(payload []byte) (args []json.RawMessage, kwargs json.RawMessage, err error) {
	if k.User == "" && k.Input == "" {
		args, kwargs, err = wire.Arguments(payload, k.Args)
	} else if payload, err = k.displaced(payload); err == nil {
		args, kwargs, err = wire.Arguments(payload, k.Args)
	}
	if err != nil {
		err = fmt.Errorf("payload %w", err)
	}
	return args, kwargs, err
}

// displaced returns a payload whose user and input are named as the arguments that they are: it undoes
// what the door does to the arguments of a message.
func (k Kind) displaced(payload []byte) ([]byte, error) {
	members, err := wire.Members(payload)
	if err != nil {
		return nil, err
	}
	all := make(map[string]json.RawMessage, len(members))
	put := func(name string, value json.RawMessage) error {
		if _, twice := all[name]; twice {
			return fmt.Errorf("has the argument %q twice: leave it out of the payload or of its input", name)
		}
		all[name] = value
		return nil
	}
	for _, m := range members {
		switch {
		case m.Name == "user" && k.User != "":
			err = put(k.User, m.Value)
		case m.Name == "input" && k.Input == "*":
			var input wire.Object
			if input, err = wire.Members(m.Value); err != nil {
				return nil, fmt.Errorf("input %w", err)
			}
			for _, one := range input {
				if err = put(one.Name, one.Value); err != nil {
					return nil, err
				}
			}
		case m.Name == "input" && k.Input != "":
			err = put(k.Input, m.Value)
		default:
			err = put(m.Name, m.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}

// message returns the message of a call, which is not begun after a moment, if there is one.
func (k Kind) message(t *tasks.Task, c call, expires time.Time) (wire.Message, error) {
	args, kwargs, err := k.arguments(t.Payload)
	if err != nil {
		return wire.Message{}, fmt.Errorf("%s: %w", t.Kind, err)
	}
	return wire.Message{
		Protocol: 2, ID: c.ID, Task: k.Task, Args: args, Kwargs: kwargs, Soft: t.SoftLimit, Hard: t.HardLimit, Expires: expires,
		Origin: broker.Origin, Priority: k.Priority, RoutingKey: k.Queue,
	}, nil
}
