package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
)

// remoteTool is a tool of an MCP server, as a run calls it.
type remoteTool struct {
	host   *host
	listed string // its name in the definition
	name   string // and at the server
	described
}

// described is what a server says of a tool, as the journal keeps it.
type described struct {
	llm.Tool
	// Gone is whether the server has the tool no more.
	Gone bool `json:"gone,omitempty"`
}

// missingError is the error of a tool that its server does not have.
type missingError struct{ server, tool, has string }

func (e *missingError) Error() string {
	return fmt.Sprintf("mcp server %s has no tool %q: it has %s", e.server, e.tool, e.has)
}

// ask asks the server what it says of the tool. The error is permanent if it has no such tool.
func (t remoteTool) ask(ctx context.Context) (described, error) {
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	tools, err := t.host.list(ctx)
	if err != nil {
		return described{}, err
	}
	tool, ok := tools[t.name]
	if !ok {
		return described{}, tasks.Permanent(&missingError{t.host.name, t.name, toolNames(tools)})
	}
	schema, err := json.Marshal(tool.InputSchema)
	if err != nil {
		return described{}, fmt.Errorf("mcp server %s: tool %s: %w", t.host.name, t.name, err)
	}
	return described{Tool: llm.Tool{Name: modelName(t.listed), Description: tool.Description, Schema: schema}}, nil
}

// Describe implements [Tool].
func (t remoteTool) Describe() llm.Tool { return t.Tool }

// Effect implements [Tool].
func (t remoteTool) Effect() bool { return slices.Contains(t.host.server.Effects, t.name) }

// limit is how long a call may take.
func (t remoteTool) limit() time.Duration {
	return cmp.Or(t.host.server.Timeouts[t.name], t.host.server.Timeout, toolWithin)
}

// Call implements [Tool].
func (t remoteTool) Call(ctx context.Context, _ Run, _ string, arguments json.RawMessage) (string, error) {
	result, err := t.host.call(ctx, t.name, t.limit(), arguments)
	switch {
	case err == nil:
	case errors.As(err, new(unsentError)):
		return "", unsentError{fmt.Errorf("mcp server %s: not called: %w", t.host.name, err)}
	case errors.As(err, new(doubtError)):
		return "", doubtError{fmt.Errorf("mcp server %s: %w", t.host.name, err)}
	default:
		return "", refuse("mcp server %s: %v", t.host.name, err)
	}
	text := textOf(result)
	switch {
	case result.NeedsInput():
		return "", refuse("not done: the server wants to ask somebody first, and nobody is there: call it with all that it needs")
	case result.IsError:
		return "", refuse("%s", cutText(text, maxToolResult))
	}
	return text, nil
}
