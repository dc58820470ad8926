package agents

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"switchyard/internal/program"
	"switchyard/internal/web"
)

// Server configures an MCP server, whose tools agents may be given as server.tool: a program
// that is started for each run, or a service (https://modelcontextprotocol.io).
type Server struct {
	// Command is the program with its arguments, without a shell; Dir, Env and Bounds are as
	// for agents of the runtime exec.
	Command []string       `yaml:"command,omitempty"`
	Dir     string         `yaml:"dir,omitempty"`
	Env     []string       `yaml:"env,omitempty"`
	Bounds  program.Bounds `yaml:",inline"`
	// URL is the service's endpoint of streamable HTTP, and TokenEnv names the variable of
	// the worker with the bearer token, "" for none.
	URL      string `yaml:"url,omitempty"`
	TokenEnv string `yaml:"token_env,omitempty"`
	// Effects are those of its tools that act on the world outside, whatever the server says
	// of them.
	Effects []string `yaml:"effects,omitempty"`
	// Timeout bounds a call of one of its tools; 0 means a minute. Timeouts do so for tools
	// by their names.
	Timeout  time.Duration            `yaml:"timeout,omitempty"`
	Timeouts map[string]time.Duration `yaml:"timeouts,omitempty"`
}

// Check reports what is wrong with the server's definition, as far as it can be seen without
// the server.
func (s Server) Check() error {
	if (len(s.Command) > 0) == (s.URL != "") {
		return errors.New("give command or url, and not both")
	}
	if s.Timeout < 0 {
		return fmt.Errorf("timeout is %s: use more than 0, or leave it out for %s", s.Timeout, toolWithin)
	}
	for _, tool := range slices.Sorted(maps.Keys(s.Timeouts)) {
		if d := s.Timeouts[tool]; d <= 0 {
			return fmt.Errorf("timeouts.%s is %s: use more than 0, or leave it out", tool, d)
		}
	}
	if s.URL == "" {
		return s.Bounds.Check(s.Command[0], s.Dir)
	}
	if !s.Bounds.IsZero() {
		return errors.New("user, own_dir, limits or allow is given with url: they are for a command, so leave them out")
	}
	if err := web.CheckService(s.URL); err != nil {
		return fmt.Errorf("url %w", err)
	}
	return nil
}

// splitRemote returns the server and the tool of a tool's name in a definition, which is
// server.tool for those of MCP servers.
func splitRemote(name string) (server, tool string, remote bool) {
	return strings.Cut(name, ".")
}

// notInNames is what the vendors do not take in the name of a tool, and maxToolName how long
// it is at most to all of them.
var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

const maxToolName = 64

// modelName is the name by which a model knows a tool of a definition.
func modelName(name string) string { return notInNames.ReplaceAllString(name, "_") }

// checkToolNames reports tools that a model could not call, or not tell apart.
func checkToolNames(tools []string) error {
	seen := make(map[string]string, len(tools))
	for _, name := range tools {
		model := modelName(name)
		switch before, taken := seen[model]; {
		case len(model) > maxToolName:
			return fmt.Errorf("tool %q: models take names of %d characters at most, and this has %d: give the server a shorter one", name, maxToolName, len(model))
		case taken && before == name:
			return fmt.Errorf("tools has %q twice: leave one out", name)
		case taken:
			return fmt.Errorf("tools %q and %q are both %q to a model: give the server of one another name, or leave it out", before, name, model)
		}
		seen[model] = name
	}
	return nil
}
