package agents

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"switchyard/internal/program"
	"switchyard/internal/web"
)

// Definition configures one agent.
type Definition struct {
	// Runtime names what runs it: "rank", "exec", "http" or "llm".
	Runtime string `yaml:"runtime"`

	// Command is the program of an agent of the runtime exec, with its arguments; there is no
	// shell. Dir is where it runs, "" for the worker's own directory, and Env names the
	// variables of the worker that it gets.
	Command []string `yaml:"command,omitempty"`
	Dir     string   `yaml:"dir,omitempty"`
	Env     []string `yaml:"env,omitempty"`
	// Output bounds what it writes to standard output, in bytes; 0 means 1 MiB. Memory bounds
	// what its processes hold together, in bytes; 0: nothing does.
	Output int   `yaml:"output,omitempty"`
	Memory int64 `yaml:"memory,omitempty"`
	// Bounds are what else it is kept to.
	Bounds program.Bounds `yaml:",inline"`
	// Steps has it tell its steps, and get an answer to each on standard input, which stays
	// open for them.
	Steps bool `yaml:"steps,omitempty"`
	// Grace is how long it may take to stop when asked to, before it is killed. 0 means 2 s.
	Grace time.Duration `yaml:"grace,omitempty"`

	// URL is the service of an agent of the runtime http, SecretEnv the variable of the
	// worker that holds the secret with which calls are signed, "" for none. Timeout bounds
	// one call; 0 means 30 s. Poll is how often accepted work is asked for; 0 means 2 s.
	URL       string        `yaml:"url,omitempty"`
	SecretEnv string        `yaml:"secret_env,omitempty"`
	Timeout   time.Duration `yaml:"timeout,omitempty"`
	Poll      time.Duration `yaml:"poll,omitempty"`

	// Model names the model of an agent of the runtime llm, Fallback the one that is asked
	// when that does not answer, "" for none. Instructions say what the agent is to do, and
	// Tools what it may call, server.tool being one of an MCP server. Enqueues are the kinds
	// that it may send with the tool enqueue.
	Model        string   `yaml:"model,omitempty"`
	Fallback     string   `yaml:"fallback,omitempty"`
	Instructions string   `yaml:"instructions,omitempty"`
	Tools        []string `yaml:"tools,omitempty"`
	Enqueues     []string `yaml:"enqueues,omitempty"`
	// Approve are those of the tools of which each call waits for a person's approval.
	Approve []string `yaml:"approve,omitempty"`
	// Schema is the JSON schema that its final answer has to follow; nil: it is plain text.
	Schema map[string]any `yaml:"schema,omitempty"`
	// Citations has each object of the array "citations" of its final answer checked: the text
	// of its "document" has to have its "quote".
	Citations bool   `yaml:"citations,omitempty"`
	Budget    Budget `yaml:"budget,omitempty"`
	// TraceContent has the spans of its runs hold what its model was asked and has answered,
	// what tools were given and brought, and what errors say.
	TraceContent bool `yaml:"trace_content,omitempty"`

	// Limit bounds how many documents it chooses. 0 means 10.
	Limit int `yaml:"limit,omitempty"`
	// MaxAge bounds how old a document may be when a run gives no other start. 0 means
	// seven days.
	MaxAge time.Duration `yaml:"max_age,omitempty"`
}

// checkRuntime reports settings that belong to another runtime than the agent's.
func (d Definition) checkRuntime() error {
	var errs []error
	misplaced := func(given bool, what, runtime string) {
		if given && d.Runtime != runtime {
			errs = append(errs, fmt.Errorf("%s is given to the runtime %q: use the runtime %s, or leave it out", what, d.Runtime, runtime))
		}
	}
	misplaced(len(d.Command) > 0 || d.Steps || !d.Bounds.IsZero(), "command, steps, user, own_dir, limits or allow", "exec")
	misplaced(d.URL != "", "url", "http")
	misplaced(d.Model != "", "model", "llm")
	return errors.Join(errs...)
}

// Check implements [Runtime].
func (e *Exec) Check(d Definition) error {
	if len(d.Command) == 0 || d.Command[0] == "" {
		return errors.New("command is empty: give the program and its arguments, such as [python3, agent.py]")
	}
	return cmp.Or(notNegative("output", d.Output), notNegative("memory", d.Memory), notNegative("grace", d.Grace), d.Bounds.Check(d.Command[0], d.Dir))
}

// Check implements [Runtime].
func (h *HTTP) Check(d Definition) error {
	if err := web.CheckService(d.URL); err != nil {
		return fmt.Errorf("url %w", err)
	}
	if d.Poll != 0 && d.Poll < 100*time.Millisecond {
		return fmt.Errorf("poll is %s: use 100ms or more", d.Poll)
	}
	if d.Timeout < 0 {
		return fmt.Errorf("timeout is %s: use 0 or more", d.Timeout)
	}
	return nil
}

// Check implements [Runtime]. Any definition will do.
func (r *Rank) Check(Definition) error { return nil }

// Check implements [Runtime].
func (l *LLM) Check(d Definition) error {
	for _, name := range []string{d.Model, cmp.Or(d.Fallback, d.Model)} {
		if _, ok := l.Models[name]; !ok {
			return fmt.Errorf("unknown model %q: use one of models: %s", name, strings.Join(slices.Sorted(maps.Keys(l.Models)), ", "))
		}
	}
	if strings.TrimSpace(d.Instructions) == "" {
		return errors.New("instructions are empty: say what the agent is to do")
	}
	if err := l.checkTools(d); err != nil {
		return err
	}
	_, err := newSchema(d.Schema)
	return errors.Join(err, d.Budget.check(), d.checkCiting())
}

// checkTools reports tools that there are not, and approvals of none of the agent's.
func (l *LLM) checkTools(d Definition) error {
	for _, name := range d.Tools {
		if server, _, remote := splitRemote(name); remote {
			if _, ok := l.Servers[server]; !ok {
				return fmt.Errorf("tool %q: unknown MCP server %q: use one of mcp_servers: %s", name, server, strings.Join(slices.Sorted(maps.Keys(l.Servers)), ", "))
			}
			continue
		}
		if _, ok := l.Tools[name]; !ok {
			return fmt.Errorf("unknown tool %q: use some of %s", name, strings.Join(slices.Sorted(maps.Keys(l.Tools)), ", "))
		}
	}
	for _, name := range d.Approve {
		if !slices.Contains(d.Tools, name) {
			return fmt.Errorf("approve names %q, which is none of the agent's tools: use some of %s", name, strings.Join(d.Tools, ", "))
		}
	}
	return checkToolNames(d.Tools)
}
