// Package agents performs agent_* tasks: bounded runs of a configured agent for one
// user.
//
// An agent is a line of configuration, not code: `agents: {scout: {runtime: rank}}`
// gives the kind agent_scout. What it does is its runtime's affair; see [Runtime].
package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

// Prefix starts every agent's kind.
const Prefix = "agent_"

// maxLimit bounds the choices of a run.
const maxLimit = 100

// Args ask an agent to work for a user.
type Args struct {
	Agent string `json:"-"` // decides the kind
	User  string `json:"user"`
	// Topics are what the user wants to read about, in words.
	Topics []string `json:"topics,omitempty"`
	// Languages are those the user reads, as ISO 639-1 codes; none means all.
	Languages []string `json:"languages,omitempty"`
	// Zone is the user's, as an IANA name; "" means UTC.
	Zone string `json:"zone,omitempty"`
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
	if err := errors.Join(tasks.CheckTopics(a.Topics), tasks.CheckLanguages(a.Languages)); err != nil {
		return err
	}
	if _, err := calendar.LoadZone(a.Zone); err != nil {
		return tasks.Field("zone", `field "zone": %v`, err)
	}
	if a.Limit < 0 || a.Limit > maxLimit {
		return tasks.Field("limit", `field "limit" is %d: give 0 to %d`, a.Limit, maxLimit)
	}
	return nil
}

// zone returns the user's zone, UTC if it cannot be had.
func (a Args) zone() *time.Location {
	zone, err := calendar.LoadZone(a.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Agents performs the runs of every configured agent.
type Agents struct {
	definitions map[string]Definition
	runtimes    map[string]Runtime
	brake       Brake
	journals    Journals
}

// New returns the agents of a configuration on the given runtimes, by name, under a brake
// and with their journals. The error names the agent, what is wrong with it and what would be right.
func New(definitions map[string]Definition, runtimes map[string]Runtime, brake Brake, journals Journals) (*Agents, error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		d := definitions[name]
		if runtime, ok := runtimes[d.Runtime]; !ok {
			errs = append(errs, fmt.Errorf("agent %q: unknown runtime %q: use one of %s", name, d.Runtime, strings.Join(slices.Sorted(maps.Keys(runtimes)), ", ")))
		} else if err := cmp.Or(d.checkRuntime(), runtime.Check(d)); err != nil {
			errs = append(errs, fmt.Errorf("agent %q: %w", name, err))
		}
		if d.Limit < 0 || d.Limit > maxLimit {
			errs = append(errs, fmt.Errorf("agent %q: limit is %d: use 0 to %d", name, d.Limit, maxLimit))
		}
		if d.MaxAge < 0 {
			errs = append(errs, fmt.Errorf("agent %q: max_age is %s: use 0 or more", name, d.MaxAge))
		}
	}
	return &Agents{definitions, runtimes, brake, journals}, errors.Join(errs...)
}

// Kinds returns the kind of every agent. The error names agents whose name makes none.
func Kinds(definitions map[string]Definition) ([]tasks.Kind, error) {
	var kinds []tasks.Kind
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		if err := tasks.CheckKind(Prefix + name); err != nil {
			errs = append(errs, fmt.Errorf("agent %q: %w", name, err))
		}
		kinds = append(kinds, tasks.KindOf[Args](Prefix+name, 2))
	}
	return kinds, errors.Join(errs...)
}

// ByKind returns the handler of every agent's kind.
func (a *Agents) ByKind() tasks.Handlers {
	handlers := make(tasks.Handlers, len(a.definitions))
	for name, definition := range a.definitions {
		handlers[Prefix+name] = tasks.Handle(func(ctx context.Context, t *tasks.Task, args Args) (any, error) {
			args.Agent = name
			return a.run(ctx, Run{Task: t, Definition: definition, Args: args})
		})
	}
	return handlers
}
