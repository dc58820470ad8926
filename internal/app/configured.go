package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/calendar"
	"switchyard/internal/roster"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// configured are the entries of the schedule that a scheduler's configuration file has.
type configured struct {
	system *System
	schedule.Configuration
	digest string          // tells files apart
	said   map[string]bool // digests of other files, of which it was said that they disagree
}

// configured checks the entries of the configuration. The error names those that could not be enqueued.
func (s *System) configured(ctx context.Context) (*configured, error) {
	entries, err := s.Config.Entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := s.CheckEntry(ctx, e); err != nil {
			return nil, err
		}
		if remark := calendar.Remark(e.Spec, e.Cron); remark != "" {
			s.Log.Warn("schedule entry may not mean what it says elsewhere", zap.String("entry", e.ID), zap.String("remark", remark))
		}
	}
	owner := s.Config.Scheduler.Owner
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("digest of the configured entries: %w", err)
	}
	sum := sha256.Sum256(text)
	return &configured{
		s, schedule.Configuration{Owner: cmp.Or(owner, s.Deployment), Inherits: owner == "", Entries: entries},
		hex.EncodeToString(sum[:8]), map[string]bool{},
	}, nil
}

// record is what the roster has of them.
func (c *configured) record() roster.Schedule {
	return roster.Schedule{Owner: c.Owner, Digest: c.digest}
}

// sync brings the entries into the schedule, and says what that has changed. Entries that another owner
// or another place has are left to it, which is said of each, and hold up no other.
func (c *configured) sync(ctx context.Context) error {
	log := c.system.Log
	synced, err := c.system.Schedule.SyncConfig(ctx, c.Configuration)
	refused, known := schedule.Refusals(err)
	if !known {
		return err
	}
	for _, why := range refused {
		log.Error("an entry of the configuration is not scheduled", zap.Error(why))
	}
	if len(synced.Removed) > 0 {
		log.Warn("entries removed: they are not in the configuration any more", zap.String("owner", c.Owner), zap.Int("removed", len(synced.Removed)), zap.Strings("entries", some(synced.Removed)))
	}
	if len(synced.Orphans) > 0 {
		log.Warn("entries of a configuration without an owner run on: put them into this configuration, or remove them with switchyard schedule disown --remove",
			zap.Int("orphans", len(synced.Orphans)), zap.Strings("entries", some(synced.Orphans)))
	}
	log.Info("scheduling", zap.String("owner", c.Owner), zap.Int("configured", len(c.Entries)), zap.Int("changed", synced.Changed))
	return nil
}

// maxListed bounds the IDs in a line of the log.
const maxListed = 20

// some returns the first of some IDs, in order.
func some(ids []string) []string {
	slices.Sort(ids)
	return ids[:min(len(ids), maxListed)]
}

// compareEvery is how often schedulers look for others of the same owner with another file. The first
// time is after a rollout has replaced its first ones.
const compareEvery = time.Minute

// watch says until ctx ends which schedulers have another configuration file of the same owner: what
// the schedule has then is that of whoever started last.
func (c *configured) watch(ctx context.Context) {
	for tasks.Sleep(ctx, compareEvery) == nil {
		if err := c.compare(ctx); err != nil && !errors.Is(err, context.Canceled) {
			c.system.Log.Info("not compared with the configuration of other schedulers", zap.Error(err))
		}
	}
}

// compare says once of each other file that it disagrees.
func (c *configured) compare(ctx context.Context) error {
	all, err := c.system.Roster.List(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		theirs := r.Schedule
		if theirs == nil || theirs.Owner != c.Owner || theirs.Digest == c.digest || r.Lost || r.Draining || c.said[theirs.Digest] {
			continue
		}
		c.said[theirs.Digest] = true
		c.system.Log.Error("another scheduler has other entries in its configuration: the schedule has those of whoever started last; give both the same file, or each an owner of its own with scheduler.owner",
			zap.String("owner", c.Owner), zap.String("host", r.Host), zap.Int("pid", r.PID), zap.String("version", r.Version), zap.String("started", r.Started.Format(time.RFC3339)))
	}
	return nil
}
