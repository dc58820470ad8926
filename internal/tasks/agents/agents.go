// Package agents performs agent_* tasks: bounded runs of a configured agent for one
// user.
//
// An agent is a line of configuration, not code: `agents: {scout: {runtime: rank}}`
// gives the kind agent_scout. What it does is its runtime's affair; see [Runtime].
package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// Prefix starts every agent's kind.
const Prefix = "agent_"

// maxLimit bounds the choices of a run.
const maxLimit = 100

// Definition configures one agent.
type Definition struct {
	// Runtime names what runs it: "rank", "exec" or "http".
	Runtime string `yaml:"runtime"`

	// Command is the program of an agent of the runtime exec, with its arguments; there is no
	// shell. Dir is where it runs, "" for the worker's own directory, and Env names the
	// variables of the worker that it gets.
	Command []string `yaml:"command,omitempty"`
	Dir     string   `yaml:"dir,omitempty"`
	Env     []string `yaml:"env,omitempty"`
	// Output bounds what it writes to standard output, in bytes; 0 means 1 MiB. Memory bounds
	// what its process group holds, in bytes; 0: nothing does.
	Output int   `yaml:"output,omitempty"`
	Memory int64 `yaml:"memory,omitempty"`
	// Grace is how long it may take to stop when asked to, before it is killed. 0 means 2 s.
	Grace time.Duration `yaml:"grace,omitempty"`

	// URL is the service of an agent of the runtime http, SecretEnv the variable of the
	// worker that holds the secret with which calls are signed, "" for none, and Poll how
	// often accepted work is asked for; 0 means 2 s.
	URL       string        `yaml:"url,omitempty"`
	SecretEnv string        `yaml:"secret_env,omitempty"`
	Poll      time.Duration `yaml:"poll,omitempty"`

	// Limit bounds how many documents it chooses. 0 means 10.
	Limit int `yaml:"limit,omitempty"`
	// MaxAge bounds how old a document may be when a run gives no other start. 0 means
	// seven days.
	MaxAge time.Duration `yaml:"max_age,omitempty"`
}

// Args ask an agent to work for a user.
type Args struct {
	Agent string `json:"-"` // decides the kind
	User  string `json:"user"`
	// Topics are what the user wants to read about, in words.
	Topics []string `json:"topics,omitempty"`
	// Since is the time after which a document counts as new.
	Since time.Time `json:"since,omitzero"`
	// Limit bounds the choices; 0 leaves it to the agent's definition.
	Limit int `json:"limit,omitempty"`
	// Input is whatever else the agent is to know.
	Input json.RawMessage `json:"input,omitempty"`
}

// Kind implements [tasks.Args].
func (a Args) Kind() string { return Prefix + a.Agent }

// Validate implements [tasks.Validator].
func (a Args) Validate() error {
	if err := tasks.CheckUser(a.User); err != nil {
		return err
	}
	if err := tasks.CheckTopics(a.Topics); err != nil {
		return err
	}
	if a.Limit < 0 || a.Limit > maxLimit {
		return fmt.Errorf(`field "limit" is %d: give 0 to %d`, a.Limit, maxLimit)
	}
	return nil
}

// Run is one attempt of an agent's task.
type Run struct {
	Task       *tasks.Task
	Definition Definition
	Args       Args
}

// Runtime runs an agent. An implementation honours ctx, is safe for concurrent use,
// and returns a value that can be encoded as JSON.
type Runtime interface {
	Run(ctx context.Context, run Run) (any, error)
}

// Brake stops the runs of a user.
type Brake interface {
	// Enter lets a run of a user's task in, named queue/id. The run's context ends with
	// the cause [control.ErrPaused] when the brake is put on, and that is the error if it
	// is on already. leave ends the run; parked says that its task waits for the brake.
	Enter(ctx context.Context, user, task string) (run context.Context, leave func(parked bool), err error)
}

// Agents performs the runs of every configured agent.
type Agents struct {
	definitions map[string]Definition
	runtimes    map[string]Runtime
	brake       Brake
}

// New returns the agents of a configuration on the given runtimes, by name, and under a
// brake. The error names the agent, what is wrong with it and what would be right.
func New(definitions map[string]Definition, runtimes map[string]Runtime, brake Brake) (*Agents, error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		d := definitions[name]
		if err := tasks.CheckKind(Prefix + name); err != nil {
			errs = append(errs, fmt.Errorf("agent %q: %w", name, err))
		}
		if _, ok := runtimes[d.Runtime]; !ok {
			errs = append(errs, fmt.Errorf("agent %q: unknown runtime %q: use one of %s", name, d.Runtime, strings.Join(slices.Sorted(maps.Keys(runtimes)), ", ")))
		}
		if err := errors.Join(d.checkCommand(), d.checkService()); err != nil {
			errs = append(errs, fmt.Errorf("agent %q: %w", name, err))
		}
		if d.Limit < 0 || d.Limit > maxLimit {
			errs = append(errs, fmt.Errorf("agent %q: limit is %d: use 0 to %d", name, d.Limit, maxLimit))
		}
		if d.MaxAge < 0 {
			errs = append(errs, fmt.Errorf("agent %q: max_age is %s: use 0 or more", name, d.MaxAge))
		}
	}
	return &Agents{definitions, runtimes, brake}, errors.Join(errs...)
}

// checkCommand reports what is wrong with the program of an agent.
func (d Definition) checkCommand() error {
	switch {
	case d.Runtime != "exec":
		if len(d.Command) > 0 {
			return fmt.Errorf("command is given to the runtime %q: use the runtime exec, or leave it out", d.Runtime)
		}
		return nil
	case len(d.Command) == 0 || d.Command[0] == "":
		return errors.New("command is empty: give the program and its arguments, such as [python3, agent.py]")
	case d.Output < 0 || d.Memory < 0 || d.Grace < 0:
		return errors.New("output, memory and grace must not be negative")
	}
	return nil
}

// checkService reports what is wrong with the service of an agent.
func (d Definition) checkService() error {
	if d.Runtime != "http" {
		if d.URL != "" {
			return fmt.Errorf("url is given to the runtime %q: use the runtime http, or leave it out", d.Runtime)
		}
		return nil
	}
	if u, err := url.Parse(d.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("url %q: give the http or https URL of the service", d.URL)
	}
	if d.Poll != 0 && d.Poll < 100*time.Millisecond {
		return fmt.Errorf("poll is %s: use 100ms or more", d.Poll)
	}
	return nil
}

// Kinds returns the definition of every agent's kind.
func (a *Agents) Kinds() []tasks.Definition {
	var kinds []tasks.Definition
	for _, name := range slices.Sorted(maps.Keys(a.definitions)) {
		definition := a.definitions[name]
		kinds = append(kinds, tasks.Define(Prefix+name, 1, func(ctx context.Context, t *tasks.Task, args Args) (any, error) {
			args.Agent = name
			return a.run(ctx, t, definition, args)
		}))
	}
	return kinds
}

// parkedFor is after how long a parked task asks for the brake by itself, should nobody
// have run it when the brake was released.
const parkedFor = 5 * time.Minute

// run performs one attempt, unless and until the user's brake is on.
func (a *Agents) run(ctx context.Context, t *tasks.Task, definition Definition, args Args) (any, error) {
	ctx, leave, err := a.brake.Enter(ctx, args.User, t.Queue+"/"+t.ID)
	if errors.Is(err, control.ErrPaused) {
		return nil, paused(args.User)
	}
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", args.Agent, err)
	}
	value, err := a.runtimes[definition.Runtime].Run(ctx, Run{t, definition, args})
	stopped := err != nil && errors.Is(context.Cause(ctx), control.ErrPaused)
	leave(stopped)
	if stopped {
		return nil, paused(args.User)
	}
	return value, err
}

func paused(user string) error {
	return tasks.ParkedFor(parkedFor, fmt.Sprintf("the agents of %s are paused: switchyard resume %s", user, user))
}
