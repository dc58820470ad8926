package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"switchyard/internal/llm"
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
}

// Check reports what is wrong with the server's definition.
func (s Server) Check() error {
	if (len(s.Command) > 0) == (s.URL != "") {
		return errors.New("give command or url, and not both")
	}
	if s.URL == "" {
		return s.Bounds.Check(s.Command[0], s.Dir)
	}
	if !s.Bounds.IsZero() {
		return errors.New("user, own_dir, limits or allow is given with url: they are for a command, so leave them out")
	}
	if !web.IsURL(s.URL) {
		return fmt.Errorf("url %q: give the http or https URL of the server", s.URL)
	}
	return nil
}

// splitRemote returns the server and the tool of a tool's name in a definition, which is
// server.tool for those of MCP servers.
func splitRemote(name string) (server, tool string, remote bool) {
	return strings.Cut(name, ".")
}

// notInNames is what the vendors do not take in the name of a tool.
var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// remoteTool is a tool of an MCP server, as a run calls it.
type remoteTool struct {
	visit       *visit
	name        string // in the definition
	description llm.Tool
}

// Describe implements [Tool].
func (t remoteTool) Describe() llm.Tool { return t.description }

// Effect implements [Tool].
func (t remoteTool) Effect() bool {
	server, tool, _ := splitRemote(t.name)
	return slices.Contains(t.visit.servers[server].Effects, tool)
}

// Call implements [Tool].
func (t remoteTool) Call(ctx context.Context, _ Run, _ string, arguments json.RawMessage) (string, error) {
	server, name, _ := splitRemote(t.name)
	session, err := t.visit.session(server)
	if err != nil {
		return "", err
	}
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return "", fmt.Errorf("mcp server %s: %w", server, err)
	}
	var text strings.Builder
	for _, content := range result.Content {
		if part, ok := content.(*mcp.TextContent); ok {
			text.WriteString(part.Text + "\n")
		} else {
			fmt.Fprintf(&text, "(something that is no text: %T)\n", content)
		}
	}
	if result.IsError {
		return "", refuse("%s", cutText(text.String(), maxToolResult))
	}
	return text.String(), nil
}
