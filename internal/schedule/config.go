package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SyncConfig makes the entries of origin config those given: it adds, replaces and
// removes; the others it leaves alone. Nothing is written if one of the entries is not
// valid. Entries whose IDs are taken by another origin are named in the error, an
// [ErrTaken], and the rest is written. Schedulers starting together with the same
// configuration may all call it.
func (s *Store) SyncConfig(ctx context.Context, entries []Entry) error {
	wanted := make(map[string]bool, len(entries))
	for _, e := range entries {
		if e.Origin != OriginConfig {
			return fmt.Errorf("entry %s: origin %q: entries of the configuration have %q", e.ID, e.Origin, OriginConfig)
		}
		wanted[e.ID] = true
	}
	if _, refused := validateAll(ctx, entries); len(refused) > 0 {
		return errors.Join(refused...)
	}
	_, taken := s.PutAll(ctx, entries, PutOptions{KeepGoing: true})
	if taken != nil && !errors.Is(taken, ErrTaken) {
		return taken
	}
	if err := s.removeAbsent(ctx, wanted); err != nil {
		return err
	}
	return taken
}

// removeAbsent removes the entries of origin config that are not wanted.
func (s *Store) removeAbsent(ctx context.Context, wanted map[string]bool) error {
	for shard := range shards {
		ids, err := s.client.SMembers(ctx, s.configKey(shard)).Result()
		if err != nil {
			return fmt.Errorf("list configured entries: %w", err)
		}
		for _, id := range ids {
			if wanted[id] {
				continue
			}
			if _, err := s.update(ctx, id, dropConfigured); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropConfigured removes an entry, unless it went and came back from elsewhere since its
// ID was listed.
func dropConfigured(old stored, _ time.Time) (edit, error) {
	if record, err := old.record(); err == nil && record.Entry.Origin != OriginConfig {
		return edit{}, errUnchanged
	}
	return edit{read: old}, nil
}
