package redbeat

import (
	"errors"
	"fmt"
	"strings"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// Task says what a task of Celery's is here.
type Task struct {
	Kind string
	// Args are the names of its positional arguments, in order.
	Args []string
	// User is the argument that becomes the payload's user, Input the one that becomes its input; * are
	// all others.
	User, Input string
	// Celery says that Celery's workers go on performing it: what its options ask for counts as it does
	// there. Queue and Priority are then those of its messages.
	Celery   bool
	Queue    string
	Priority int
}

// ParseTask reads a task as a command spells it: kind, or kind:first,second to name its
// positional arguments.
func ParseTask(text string) (Task, error) {
	kind, names, named := strings.Cut(text, ":")
	t := Task{Kind: kind}
	if err := tasks.CheckKind(kind); err != nil {
		return t, err
	}
	if named {
		t.Args = strings.Split(names, ",")
	}
	given := make(map[string]bool, len(t.Args))
	for _, name := range t.Args {
		if name == "" || given[name] {
			return t, fmt.Errorf("argument %q of %s is empty or there twice: name each positional argument, as in %s:user,topics", name, kind, kind)
		}
		given[name] = true
	}
	return t, nil
}

// task returns what a task of Celery's is here: what the map says, or else the kind that is
// called as the last part of its name.
func (m *Mover) task(name string) (Task, error) {
	if t, ok := m.o.Tasks[name]; ok {
		return t, nil
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if tasks.CheckKind(last) != nil || !m.o.Known(last) {
		return Task{}, fmt.Errorf("task %s is no kind here: say which it is with --map %s=KIND, or name it in celery.kinds", Quote(name), Quote(name))
	}
	return Task{Kind: last}, nil
}

// payload returns the arguments of a task as a JSON object: kwargs, and those of args that
// the map names.
func (t Task) payload(definition object, changed func(string, ...any)) ([]byte, error) {
	kwargs, err := definition.members("kwargs")
	if err != nil {
		return nil, err
	}
	args, err := definition.list("args")
	if err != nil {
		return nil, err
	}
	if len(args) > len(t.Args) && t.Celery {
		return nil, fmt.Errorf("args has %d positional arguments and %d of them have names: give all names in celery.kinds.%s.args", len(args), len(t.Args), t.Kind)
	}
	if len(args) > len(t.Args) {
		return nil, fmt.Errorf("args has %d positional arguments and %d of them have names: payloads are objects: name all in order, as in --map TASK=%s:first,second", len(args), len(t.Args), t.Kind)
	}
	payload := make(map[string]any, len(args)+len(kwargs))
	var errs []error
	put := func(path, name string, value any) {
		if _, twice := payload[name]; twice {
			errs = append(errs, fmt.Errorf("argument %s is in args and in kwargs: remove one", Quote(name)))
		}
		payload[name], err = plain(path, value, changed)
		errs = append(errs, err)
	}
	var named []string
	for i, value := range args {
		put(fmt.Sprintf("args[%d]", i), t.Args[i], value)
		named = append(named, t.Args[i])
	}
	for _, name := range kwargs.names() {
		put("kwargs."+name, name, kwargs[name])
	}
	if len(named) > 0 && !t.Celery { // where they become positional again
		changed("positional arguments: they become %s", strings.Join(named, ", "))
	}
	if err := errors.Join(errs...); err != nil || len(payload) == 0 {
		return nil, err
	}
	return encode(wire.Place(payload, t.User, t.Input))
}
