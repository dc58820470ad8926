package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"

	"switchyard/internal/chat"
	"switchyard/internal/config"
	"switchyard/internal/monitor"
)

// Check reports what is wrong with a configuration beyond what its own validation sees:
// agents no runtime runs, entries no handler takes, users that cannot sign in, kinds that agents
// could not send. It does not speak to Redis, and finds the same on every machine.
func Check(c config.Config) error {
	s, err := openToCheck(c)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	h, err := newHandlers(s)
	if err == nil {
		h.close()
	}
	errs := []error{err, monitor.CheckListen(c.Monitor.Listen, monitorUsers(c)), s.checkSent()}
	entries, err := c.Entries()
	errs = append(errs, err)
	for _, e := range entries {
		errs = append(errs, s.CheckEntry(context.Background(), e))
	}
	_, err = s.NewMonitor(nil)
	return errors.Join(append(errs, err)...)
}

// openToCheck puts a system together that is not used.
func openToCheck(c config.Config) (*System, error) {
	if c.Redis.URL == "" {
		c.Redis.URL = "redis://127.0.0.1:6379"
	}
	c.Redis.CAFile, c.Redis.CertFile, c.Redis.KeyFile, c.Email.CAFile = "", "", "", "" // see CheckHere
	return Open(c, zap.NewNop())
}

// checkSent reports unknown kinds that agents are allowed to send.
func (s *System) checkSent() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.Config.Agents)) {
		for _, kind := range s.Config.Agents[name].Enqueues {
			if err := s.Catalog.CheckSent(kind); err != nil {
				errs = append(errs, fmt.Errorf("agent %q: enqueues: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckHere reports what tasks of a configuration would miss in this process, on this machine:
// programs, directories, files and variables, and bounds that it cannot keep programs to.
func CheckHere(c config.Config) error {
	errs := []error{c.CheckHere(os.Environ()), checkBriefings(c.Briefings.Dir)}
	for _, name := range slices.Sorted(maps.Keys(c.Agents)) {
		if err := c.Agents[name].CheckHere(os.Getenv); err != nil {
			errs = append(errs, fmt.Errorf("agents.%s: %w", name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.MCPServers)) {
		if err := c.MCPServers[name].CheckHere(); err != nil {
			errs = append(errs, fmt.Errorf("mcp_servers.%s: %w", name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		if err := c.Models[name].CheckHere(); err != nil {
			errs = append(errs, fmt.Errorf("models.%s: %w", name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Chats)) {
		url := os.Getenv(c.Chats[name].URLEnv)
		if url == "" {
			continue // that is said already
		}
		if err := chat.Check(url); err != nil {
			errs = append(errs, fmt.Errorf("chats.%s.url_env %s: %w", name, c.Chats[name].URLEnv, err))
		}
	}
	return errors.Join(errs...)
}

// checkBriefings reports that briefings could not be written to a directory, which is made if it
// is not there. Nobody may want them there, unless somebody has named it.
func checkBriefings(dir string) error {
	if dir == config.Default().Briefings.Dir {
		return nil
	}
	at := filepath.Clean(dir)
	for at != filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || !errors.Is(err, os.ErrNotExist) {
			break
		}
		at = filepath.Dir(at)
	}
	probe, err := os.CreateTemp(at, ".switchyard-check-*")
	if err != nil {
		return fmt.Errorf("briefings.dir %q: %w: let the workers' user write there, or name another", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
