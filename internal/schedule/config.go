package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Configuration is what a configuration file asks of the schedule.
type Configuration struct {
	// Owner is whose file it is: its entries are that owner's, and nobody else removes or replaces them.
	Owner string
	// Inherits says that entries without an owner, of releases that had none, are this owner's.
	Inherits bool
	// Entries are those of the file, all of origin config.
	Entries []Entry
}

// Synced is what has come of a configuration.
type Synced struct {
	// Changed is how many entries were added or replaced.
	Changed int
	// Removed are the IDs of entries that were the owner's and are not in its file any more.
	Removed []string
	// Orphans are the IDs of entries without an owner that the configuration neither has nor inherits.
	Orphans []string
}

// SyncConfig makes the entries of an owner those of its configuration file: it adds, replaces and
// removes; those of others it leaves alone. Nothing is written if one of the entries is not
// valid. Entries whose IDs are taken, by another origin or another owner, are named in the error,
// an [ErrTaken], and the rest is written. Schedulers starting together with the same
// configuration may all call it.
func (s *Store) SyncConfig(ctx context.Context, c Configuration) (Synced, error) {
	entries := slices.Clone(c.Entries)
	for i, e := range entries {
		if e.Origin != OriginConfig {
			return Synced{}, fmt.Errorf("entry %s: origin %q: entries of the configuration have %q", e.ID, e.Origin, OriginConfig)
		}
		entries[i].ConfiguredBy = c.Owner
	}
	if _, refused := validateAll(ctx, entries); len(refused) > 0 {
		return Synced{}, errors.Join(refused...)
	}
	changed, taken := s.PutAll(ctx, entries, PutOptions{KeepGoing: true})
	synced := Synced{Changed: changed}
	if taken != nil && !errors.Is(taken, ErrTaken) {
		return synced, taken
	}
	if err := s.removeAbsent(ctx, c, &synced); err != nil {
		return synced, err
	}
	return synced, taken
}

// removeAbsent removes the entries of the owner that are not in its file.
func (s *Store) removeAbsent(ctx context.Context, c Configuration, to *Synced) error {
	wanted := make(map[string]bool, len(c.Entries))
	for _, e := range c.Entries {
		wanted[e.ID] = true
	}
	return s.eachConfigured(ctx, func(found stored) error {
		owner, configured := found.configuredBy()
		switch {
		case !configured || wanted[found.id]:
			return nil
		case owner == "" && !c.Inherits:
			to.Orphans = append(to.Orphans, found.id)
			return nil
		case owner != "" && owner != c.Owner:
			return nil
		}
		removed, err := s.update(ctx, found.id, func(now stored, _ time.Time) (edit, error) {
			if now.entry != found.entry {
				return edit{}, errUnchanged // it went, or came back from elsewhere
			}
			return edit{read: now}, nil
		})
		if removed {
			to.Removed = append(to.Removed, found.id)
		}
		return err
	})
}

// Disown makes the entries of an owner nobody's, or removes them, and returns their IDs: that
// owner's deployment is gone, or has another name now. What is nobody's runs on, and belongs to whose
// configuration has it next.
func (s *Store) Disown(ctx context.Context, owner string, remove bool) (ids []string, err error) {
	err = s.eachConfigured(ctx, func(found stored) error {
		changed, err := s.update(ctx, found.id, func(now stored, _ time.Time) (edit, error) {
			if by, configured := now.configuredBy(); !configured || by != owner {
				return edit{}, errUnchanged
			}
			if remove {
				return edit{read: now}, nil
			}
			return now.disowned()
		})
		if changed {
			ids = append(ids, found.id)
		}
		return err
	})
	slices.Sort(ids)
	return ids, err
}

// eachConfigured calls do with each entry that a configuration has brought.
func (s *Store) eachConfigured(ctx context.Context, do func(stored) error) error {
	for shard := range shards {
		ids, err := s.client.SMembers(ctx, s.configKey(shard)).Result()
		if err != nil {
			return fmt.Errorf("list configured entries: %w", err)
		}
		for some := range slices.Chunk(ids, putAtOnce) {
			all, _, err := s.read(ctx, shard, some...)
			if err != nil {
				return fmt.Errorf("read configured entries: %w", err)
			}
			for _, found := range all {
				if err := do(found); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// configuredBy returns the owner of the file that s is of, "" if it has none or nobody can tell, and
// whether it is of one.
func (s stored) configuredBy() (owner string, configured bool) {
	record, err := s.record()
	if err != nil {
		return "", true
	}
	return record.Entry.ConfiguredBy, record.Entry.Origin == OriginConfig
}

// disowned makes an entry nobody's.
func (s stored) disowned() (edit, error) {
	record, err := s.record()
	if err != nil {
		return edit{}, err
	}
	record.Entry.ConfiguredBy = ""
	encoded, err := record.Entry.encode()
	if err != nil {
		return edit{}, err
	}
	record.Books.Revision++
	made := s.rewrite(record.Books, record.Due())
	made.entry, made.config, made.owner = string(encoded), true, record.Entry.Owner
	return made, nil
}
