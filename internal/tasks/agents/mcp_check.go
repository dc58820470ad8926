package agents

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// CheckServers connects to the MCP servers of a configuration, and reports those that cannot
// be used, what their definitions say of tools that they do not have, and which tools agents
// are given that are not there. It starts the servers that are programs, and ends them.
func CheckServers(ctx context.Context, servers map[string]Server, definitions map[string]Definition, client *http.Client) error {
	v := newVisit(ctx, servers, client)
	defer v.close()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		limited, cancel := context.WithTimeout(ctx, toolWithin)
		_, err := v.hosts[name].list(limited)
		cancel()
		if err != nil {
			delete(v.hosts, name) // said once
			errs = append(errs, err)
		}
	}
	for _, agent := range slices.Sorted(maps.Keys(definitions)) {
		for _, tool := range definitions[agent].Tools {
			server, _, remote := splitRemote(tool)
			if !remote || v.hosts[server] == nil {
				continue
			}
			if _, err := v.tool(tool).ask(ctx); err != nil {
				errs = append(errs, fmt.Errorf("agent %q: tool %q: %w", agent, tool, err))
			}
		}
	}
	return errors.Join(errs...)
}
