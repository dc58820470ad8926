package config

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"switchyard/internal/schedule"
	"switchyard/internal/web"
)

// sourceKinds are what a source may be.
var sourceKinds = []string{"feed", "sitemap", "site"}

// Entries returns the schedule entries the configuration asks for: its schedule, and
// one for each source.
func (c Config) Entries() ([]schedule.Entry, error) {
	var entries []schedule.Entry
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		s := c.Sources[name]
		if err := web.CheckService(s.URL); err != nil {
			errs = append(errs, fmt.Errorf("sources.%s.url %w", name, err))
		}
		kind := cmp.Or(s.Kind, "feed")
		if !slices.Contains(sourceKinds, kind) {
			errs = append(errs, fmt.Errorf("sources.%s.kind is %q: use one of %s", name, s.Kind, strings.Join(sourceKinds, ", ")))
		}
		payload, _ := json.Marshal(map[string]string{"url": s.URL, "source": name})
		entries = append(entries, schedule.Entry{
			ID: "source:" + name, Spec: "@every " + s.Every.String(), Kind: "scrape_" + kind, Payload: payload,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(c.Schedule)) {
		e, err := c.Schedule[id].Scheduled(id, schedule.OriginConfig)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedule: %w", err))
		}
		entries = append(entries, e)
	}
	for i := range entries {
		entries[i].Origin = schedule.OriginConfig
		if err := entries[i].Validate(context.Background()); err != nil {
			place := "schedule"
			if name, ours := strings.CutPrefix(entries[i].ID, "source:"); ours && i < len(c.Sources) {
				place = "sources." + name
			}
			errs = append(errs, fmt.Errorf("%s: %w", place, err))
		}
	}
	return entries, errors.Join(errs...)
}
