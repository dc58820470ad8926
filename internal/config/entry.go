package config

import (
	"encoding/json"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/calendar"
	"switchyard/internal/schedule"
)

// Entry is one line of the schedule, without its ID, as files spell it.
type Entry struct {
	Spec         string         `yaml:"spec"`
	Zone         string         `yaml:"zone,omitempty"`
	Cron         string         `yaml:"cron,omitempty"`
	Kind         string         `yaml:"kind"`
	Payload      map[string]any `yaml:"payload,omitempty"`
	Queue        string         `yaml:"queue,omitempty"`
	Start        time.Time      `yaml:"start,omitempty"`
	End          time.Time      `yaml:"end,omitempty"`
	MaxRuns      int64          `yaml:"max_runs,omitempty"`
	Spread       time.Duration  `yaml:"spread,omitempty"`
	CatchUp      string         `yaml:"catch_up,omitempty"`
	CatchUpLimit int            `yaml:"catch_up_limit,omitempty"`
	FreshFor     time.Duration  `yaml:"fresh_for,omitempty"`
	Expires      time.Duration  `yaml:"expires,omitempty"`
	Overlap      string         `yaml:"overlap,omitempty"`
	Owner        string         `yaml:"owner,omitempty"`
	Paused       bool           `yaml:"paused,omitempty"`
}

// Scheduled returns e as an entry of the schedule.
func (e Entry) Scheduled(id, origin string) (schedule.Entry, error) {
	var payload json.RawMessage
	if e.Payload != nil {
		var err error
		if payload, err = json.Marshal(e.Payload); err != nil {
			return schedule.Entry{}, fmt.Errorf("entry %s: payload cannot be JSON: use text for its keys, and neither .nan nor .inf", id)
		}
	}
	return schedule.Entry{
		ID: id, Spec: e.Spec, Zone: e.Zone, Cron: calendar.Dialect(e.Cron), Kind: e.Kind, Payload: payload, Queue: e.Queue,
		Start: e.Start, End: e.End, MaxRuns: e.MaxRuns, Spread: e.Spread,
		CatchUp: schedule.CatchUp(e.CatchUp), CatchUpLimit: e.CatchUpLimit, FreshFor: e.FreshFor, Expires: e.Expires,
		Overlap: schedule.Overlap(e.Overlap), Owner: e.Owner, Origin: origin, Paused: e.Paused,
	}, nil
}

// EntryOf returns an entry of the schedule as files spell it.
func EntryOf(e schedule.Entry) (Entry, error) {
	var payload map[string]any
	if len(e.Payload) > 0 {
		// Every JSON is YAML, where a number keeps its digits.
		if err := yaml.Unmarshal(e.Payload, &payload); err != nil {
			return Entry{}, fmt.Errorf("entry %s: payload: %w", e.ID, err)
		}
	}
	return Entry{
		Spec: e.Spec, Zone: e.Zone, Cron: string(e.Cron), Kind: e.Kind, Payload: payload, Queue: e.Queue,
		Start: e.Start, End: e.End, MaxRuns: e.MaxRuns, Spread: e.Spread,
		CatchUp: string(e.CatchUp), CatchUpLimit: e.CatchUpLimit, FreshFor: e.FreshFor, Expires: e.Expires,
		Overlap: string(e.Overlap), Owner: e.Owner, Paused: e.Paused,
	}, nil
}
