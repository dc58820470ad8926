package schedule

import (
	"context"
	"errors"
	"fmt"
)

// putAtOnce is how many entries of a shard [Store.PutAll] writes at once.
const putAtOnce = 500

// PutAll is [Store.Put] for many entries, and far faster than one after the other. It
// returns how many changed. Nothing is written if one of them is not valid or given
// twice. Entries whose IDs are taken by another origin are named in the error, an
// [ErrTaken], and the rest is written. progress, unless nil, is told how many are done.
func (s *Store) PutAll(ctx context.Context, entries []Entry, progress func(done int)) (changed int, err error) {
	if err := validateAll(entries); err != nil {
		return 0, err
	}
	var byShard [shards][]Entry
	for _, e := range entries {
		byShard[shardOf(e.ID)] = append(byShard[shardOf(e.ID)], e)
	}
	var refused []error
	done := 0
	for shard, rest := range byShard {
		for len(rest) > 0 {
			some := rest[:min(putAtOnce, len(rest))]
			rest = rest[len(some):]
			n, bad, err := s.putSome(ctx, shard, some)
			changed += n
			if err != nil {
				return changed, err
			}
			refused = append(refused, bad...)
			if done += len(some); progress != nil {
				progress(done)
			}
		}
	}
	return changed, errors.Join(refused...)
}

// validateAll reports everything that is wrong with entries, each by its ID.
func validateAll(entries []Entry) error {
	var errs []error
	given := make(map[string]bool, len(entries))
	for _, e := range entries {
		if err := e.Validate(); err != nil {
			errs = append(errs, err)
		}
		if given[e.ID] {
			errs = append(errs, fmt.Errorf("entry %s is given twice: remove one", e.ID))
		}
		given[e.ID] = true
	}
	return errors.Join(errs...)
}

// putSome puts entries of one shard. Those others write meanwhile are put one by one.
func (s *Store) putSome(ctx context.Context, shard int, entries []Entry) (changed int, refused []error, err error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	found, now, err := s.read(ctx, shard, ids...)
	if err != nil {
		return 0, nil, fmt.Errorf("read %d entries: %w", len(ids), err)
	}
	var edits []edit
	var edited []Entry
	for i, e := range entries {
		made, err := replace(found[i], e, now)
		switch {
		case errors.Is(err, errUnchanged):
		case err != nil:
			refused = append(refused, err)
		default:
			edits, edited = append(edits, made), append(edited, e)
		}
	}
	written, err := s.write(ctx, shard, edits...)
	if err != nil {
		return 0, refused, fmt.Errorf("write %d entries: %w", len(edits), err)
	}
	for i, ok := range written {
		if !ok {
			if ok, err = s.Put(ctx, edited[i]); err != nil {
				refused = append(refused, err)
			}
		}
		if ok {
			changed++
		}
	}
	return changed, refused, nil
}
