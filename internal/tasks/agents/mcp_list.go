package agents

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"switchyard/internal/tasks"
)

// Bounds of a server's list of tools. No server of a use has as many.
const (
	maxPages = 100
	maxTools = 2000
)

// list returns the server's tools by their names. What the server's definition says of tools
// that it does not have is a permanent error.
func (h *host) list(ctx context.Context) (map[string]*mcp.Tool, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.unlock()
	l, err := h.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("mcp server %s: %w", h.name, err)
	}
	if h.tools != nil && !h.changed.Swap(false) {
		return h.tools, nil
	}
	tools, err := pages(ctx, l.session.ListTools)
	if err != nil {
		h.link = nil
		h.changed.Store(true)
		return nil, fmt.Errorf("mcp server %s: list tools: %w", h.name, h.hide(l.epitaph(err, nil)))
	}
	if err := h.server.checkNames(tools); err != nil {
		return nil, tasks.Permanent(fmt.Errorf("mcp server %s: %w", h.name, err))
	}
	h.tools = tools
	return tools, nil
}

// pages reads the pages of a list to its end, as long as it leads somewhere.
func pages(ctx context.Context, ask func(context.Context, *mcp.ListToolsParams) (*mcp.ListToolsResult, error)) (map[string]*mcp.Tool, error) {
	tools, cursors := make(map[string]*mcp.Tool), make(map[string]bool)
	params := &mcp.ListToolsParams{}
	for range maxPages {
		page, err := ask(ctx, params)
		if err != nil {
			return nil, err
		}
		for _, tool := range page.Tools {
			if tools[tool.Name] != nil {
				return nil, fmt.Errorf("it lists %q twice: nobody knows which of them would be called", tool.Name)
			}
			tools[tool.Name] = tool
		}
		cursor := page.NextCursor
		switch {
		case cursor == "":
			return tools, nil
		case cursors[cursor]:
			return nil, fmt.Errorf("its list goes round in circles: the page %q comes after itself", cutText(cursor, maxQuoted))
		case len(tools) > maxTools:
			return nil, fmt.Errorf("its list has more than %d tools", maxTools)
		}
		cursors[cursor] = true
		params = &mcp.ListToolsParams{Cursor: cursor}
	}
	return nil, fmt.Errorf("its list has more than %d pages", maxPages)
}

// checkNames reports what the definition says of tools that the server does not have.
func (s Server) checkNames(tools map[string]*mcp.Tool) error {
	for _, key := range []struct {
		name  string
		tools []string
	}{{"effects", s.Effects}, {"timeouts", slices.Sorted(maps.Keys(s.Timeouts))}} {
		for _, named := range key.tools {
			if tools[named] == nil {
				return fmt.Errorf("%s names %q, which is none of its tools: it has %s", key.name, named, toolNames(tools))
			}
		}
	}
	return nil
}

// toolNames lists the names of tools, as many as can be read.
func toolNames(tools map[string]*mcp.Tool) string {
	const most = 2000
	if len(tools) == 0 {
		return "none"
	}
	return cutText(strings.Join(slices.Sorted(maps.Keys(tools)), ", "), most)
}
