package switchyard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"switchyard/internal/command/daemons"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// Args are the arguments of a task. Their JSON, one object, is its payload.
type Args interface {
	// Kind names the kind, in at most 100 lower-case letters, digits and underscores. It is the
	// same for all values of the type. Its prefix decides the queue; agent_ is reserved.
	Kind() string
}

// Validator is for args with rules that JSON cannot express. They are checked before a task is sent,
// and again before it is performed. The error should name the field, the value and what would be right.
type Validator interface {
	Validate() error
}

// ArgsWithVersion is for args whose shape has changed so that older workers would misread it. A
// worker leaves a task of a later version than its own to newer workers. Args without the method are
// of version 1.
type ArgsWithVersion interface {
	Version() int
}

// Kind is a kind of task, made by [Define] or [KindOf]. [Run] and [Open] report what is wrong with it.
type Kind struct {
	definition tasks.Definition
	policy     Policy
	err        error
}

// Define returns the kind of args of type A, with the function that performs it in a worker.
//
// The value that handle returns without an error is kept as the task's result, as JSON. Its error
// says what happens next: see [Permanent], [RetryAfter] and [Parked]. A panic is a plain error. A
// payload that is no valid A never reaches handle: its task goes to the dead letter.
//
// handle runs concurrently with itself, and may run twice for a task.
func Define[A Args](handle func(ctx context.Context, t *Task, args A) (any, error)) Kind {
	k := KindOf[A]()
	if handle == nil {
		k.err = errors.Join(k.err, fmt.Errorf("kind %q has no function: give one, or use KindOf for a kind that is only sent", k.definition.Name))
		return k
	}
	k.definition.Handle = tasks.Handle(func(ctx context.Context, t *tasks.Task, args A) (any, error) {
		return handle(ctx, taskOf(ctx, t), args)
	})
	return k
}

// KindOf returns the kind of args of type A for a program that sends it, and leaves it to others to
// perform it.
func KindOf[A Args]() Kind {
	args, err := example[A]()
	if err != nil {
		return Kind{err: err}
	}
	name, version := args.Kind(), 1
	if v, ok := any(args).(ArgsWithVersion); ok {
		version = v.Version()
	}
	k := Kind{definition: tasks.Definition{Kind: tasks.KindOf[A](name, version)}}
	if p, ok := any(args).(ArgsWithPolicy); ok {
		k.policy = p.Policy()
	}
	k.err = errors.Join(checkName(name), checkMethods[A]())
	if version < 1 {
		k.err = errors.Join(k.err, fmt.Errorf("kind %q has version %d: begin with 1", name, version))
	}
	return k
}

// example returns args that can be asked what all args of their type say.
func example[A Args]() (args A, err error) {
	switch t := reflect.TypeFor[A](); t.Kind() {
	case reflect.Interface:
		return args, fmt.Errorf("%s is an interface, and nobody could read a payload into it: give the type of the args", t)
	case reflect.Pointer:
		return reflect.New(t.Elem()).Interface().(A), nil
	}
	return args, nil
}

// agentPrefix begins the kinds of configured agents. A brake stops those by what they note in Redis,
// which a plain handler does not do.
const agentPrefix = "agent_"

func checkName(name string) error {
	if strings.HasPrefix(name, agentPrefix) {
		return fmt.Errorf("kind %q: %s* are agents, which a user's brake stops: define an agent in the configuration, or name the kind otherwise", name, agentPrefix)
	}
	return tasks.CheckKind(name)
}

// checkMethods reports methods of args that nobody would call, because they are declared on a
// pointer to the args.
func checkMethods[A Args]() error {
	args := reflect.TypeFor[A]()
	var errs []error
	for _, may := range []reflect.Type{reflect.TypeFor[Validator](), reflect.TypeFor[ArgsWithVersion](), reflect.TypeFor[ArgsWithPolicy]()} {
		if reflect.PointerTo(args).Implements(may) && !args.Implements(may) {
			errs = append(errs, fmt.Errorf("method %s of *%s would not be called: declare it on %s, or define the kind for *%[2]s", may.Method(0).Name, args, args))
		}
	}
	return errors.Join(errs...)
}

// own returns what the daemons and the client need to know of kinds. The error names all that is
// wrong with them.
func own(kinds []Kind) (daemons.Own, error) {
	all := daemons.Own{Policies: make(map[string]routing.Patch)}
	var errs []error
	for _, k := range kinds {
		if k.err == nil {
			k.err = tasks.CheckKind(k.definition.Name) // of the zero Kind
		}
		errs = append(errs, k.err)
		all.Kinds = append(all.Kinds, k.definition)
		all.Policies[k.definition.Name] = routing.Patch(k.policy)
	}
	return all, errors.Join(errs...)
}
