package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"switchyard/internal/layout"
)

// Living is a process that works here now and knows less of what is stored than this program.
type Living struct {
	What    string `json:"what"` // its roles, or what is known of it
	Host    string `json:"host,omitempty"`
	PID     int    `json:"pid,omitempty"`
	Version string `json:"version,omitempty"`
	Layout  int    `json:"layout"` // the latest that it knows
}

// String names the process for whoever is to replace it.
func (l Living) String() string {
	at := ""
	if l.Host != "" {
		at = fmt.Sprintf(" %s:%d", l.Host, l.PID)
	}
	return fmt.Sprintf("%s%s of release %s knows layout %d", l.What, at, cmp.Or(l.Version, "unknown"), l.Layout)
}

// At returns host:pid.
func (l Living) At() string { return fmt.Sprintf("%s:%d", l.Host, l.PID) }

// unlisted are the releases whose daemons write no record into the roster.
const unlisted = "before 0.2.0"

// Older returns the processes that live and are of an earlier release, as far as they can be seen. Daemons
// before 0.2.0 write no record of themselves. Their workers are seen by what they tell asynqmon, as are
// foreign asynq servers, and their schedulers if none of today's runs. Their monitors are not seen.
func (s *System) Older(ctx context.Context) ([]Living, error) {
	records, err := s.Roster.List(ctx)
	if err != nil {
		return nil, err
	}
	listed, schedules := map[string]bool{}, false
	var older []Living
	for _, r := range records {
		l := Living{strings.Join(r.Roles, " and "), r.Host, r.PID, r.Version, max(r.Layout, layout.Releases[0].Layout)}
		listed[l.At()] = true
		if r.Lost {
			continue
		}
		schedules = schedules || strings.Contains(l.What, roleScheduler)
		if l.Layout < s.Layout.Knows {
			older = append(older, l)
		}
	}
	servers, err := s.Queue.Servers(ctx)
	if err != nil {
		return nil, err
	}
	for _, server := range servers {
		l := Living{"worker, or foreign asynq server,", server.Host, server.PID, unlisted, layout.Releases[0].Layout}
		if !listed[l.At()] {
			older = append(older, l)
		}
	}
	if mirrored, err := s.Queue.HasSchedulers(ctx); err != nil {
		return nil, err
	} else if mirrored && !schedules {
		older = append(older, Living{"scheduler", "", 0, unlisted, layout.Releases[0].Layout})
	}
	return older, nil
}
