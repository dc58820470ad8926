package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/program"
)

// checkPrograms reports the programs of agents and MCP servers that this process cannot keep
// within their bounds, on this machine.
func checkPrograms(c config.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Agents)) {
		if err := c.Agents[name].Bounds.CheckHere(); err != nil {
			errs = append(errs, fmt.Errorf("agents.%s: %w", name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.MCPServers)) {
		if err := c.MCPServers[name].Bounds.CheckHere(); err != nil {
			errs = append(errs, fmt.Errorf("mcp_servers.%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// preparePrograms makes sure that programs can be kept within their bounds, and removes what a
// killed worker has left of theirs. That this fails is no reason to do no work.
func (s *System) preparePrograms() error {
	if err := checkPrograms(s.Config); err != nil {
		return err
	}
	if err := program.Sweep(); err != nil {
		s.Log.Warn("directories of programs are left over", zap.Error(err))
	}
	return nil
}
