package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// putAtOnce is how many entries of a shard [Store.PutAll] reads and writes at once.
const putAtOnce = 500

// PutOptions say how [Store.PutAll] goes about it. The zero value writes all or nothing.
type PutOptions struct {
	// Last says, by ID, up to which tick entries were enqueued elsewhere: the tick after it
	// is next, also where that is past, and the catch-up policy decides about it. It is cut
	// to the whole second. It does not move an entry back that has come further here.
	Last map[string]time.Time
	// KeepGoing writes the entries that can be put where others are refused.
	KeepGoing bool
	// DryRun writes nothing.
	DryRun bool
	// Progress, unless nil, is told how many entries are done.
	Progress func(done int)
}

// RefusedError says why [Store.PutAll] refuses an entry.
type RefusedError struct {
	ID  string
	Err error // names the entry
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// Refusals returns why [Store.PutAll] has refused entries, by their IDs, and true, or false if
// its error is another one.
func Refusals(err error) (map[string]error, bool) {
	refused := make(map[string]error)
	if err == nil {
		return refused, true
	}
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // of PutAll only, not of what it holds
	if !ok {
		return nil, false
	}
	for _, one := range joined.Unwrap() {
		var r *RefusedError
		if !errors.As(one, &r) {
			return nil, false
		}
		refused[r.ID] = r
	}
	return refused, true
}

// PutAll is [Store.Put] for many entries, and far faster than one after the other. It
// returns how many changed, or would with [PutOptions.DryRun].
//
// All entries are checked and compared with the schedule before anything is written. If one
// is refused, nothing is written, unless the options say to keep going. The error joins a
// [RefusedError] for each. An entry that others change between check and write is decided
// about anew; should it be refused only then, the others are written nevertheless.
func (s *Store) PutAll(ctx context.Context, entries []Entry, o PutOptions) (changed int, err error) {
	good, refused := validateAll(ctx, entries)
	plans, more, err := s.decideAll(ctx, good, o.Last)
	if err != nil {
		return 0, err
	}
	refused = append(refused, more...)
	if len(refused) > 0 && !o.KeepGoing {
		return 0, errors.Join(refused...)
	}
	if o.DryRun {
		return count(plans), errors.Join(refused...)
	}
	done := len(entries) - count(plans)
	tell := func(n int) {
		if done += n; o.Progress != nil && done > 0 {
			o.Progress(done)
		}
	}
	tell(0)
	for shard, rest := range plans {
		for len(rest) > 0 {
			some := rest[:min(putAtOnce, len(rest))]
			rest = rest[len(some):]
			n, late, err := s.carryOut(ctx, shard, some)
			if changed += n; err != nil {
				return changed, err
			}
			refused = append(refused, late...)
			tell(len(some))
		}
	}
	return changed, errors.Join(refused...)
}

// validateAll returns the entries that are valid, and what is wrong with the others.
func validateAll(ctx context.Context, entries []Entry) (good []Entry, refused []error) {
	given := make(map[string]int, len(entries))
	for _, e := range entries {
		given[e.ID]++
	}
	good = make([]Entry, 0, len(entries))
	for _, e := range entries {
		err := e.Validate(ctx)
		if err == nil && given[e.ID] > 1 {
			err = fmt.Errorf("entry %s is given %d times: keep one of them", e.ID, given[e.ID])
			given[e.ID] = -1 // it is told once
		}
		switch {
		case err != nil:
			refused = append(refused, &RefusedError{e.ID, err})
		case given[e.ID] == 1:
			good = append(good, e)
		}
	}
	return good, refused
}

// planned is an entry to put, and the edit that does it.
type planned struct {
	edit
	entry Entry
	last  time.Time
}

func count(plans [shards][]planned) (n int) {
	for _, some := range plans {
		n += len(some)
	}
	return n
}

// decideAll decides about valid entries. It returns those that change something, by shard,
// and why others are refused.
func (s *Store) decideAll(ctx context.Context, entries []Entry, last map[string]time.Time) (plans [shards][]planned, refused []error, err error) {
	var all [shards][]Entry
	for _, e := range entries {
		all[shardOf(e.ID)] = append(all[shardOf(e.ID)], e)
	}
	for shard, rest := range all {
		for len(rest) > 0 {
			some := rest[:min(putAtOnce, len(rest))]
			rest = rest[len(some):]
			ids := make([]string, len(some))
			for i, e := range some {
				ids[i] = e.ID
			}
			found, now, err := s.read(ctx, shard, ids...)
			if err != nil {
				return plans, nil, fmt.Errorf("read %d entries: %w", len(ids), err)
			}
			for i, e := range some {
				made, err := replace(ctx, found[i], e, last[e.ID], now)
				switch {
				case errors.Is(err, errUnchanged):
				case err != nil:
					refused = append(refused, &RefusedError{e.ID, err})
				default:
					plans[shard] = append(plans[shard], planned{made, e, last[e.ID]})
				}
			}
		}
	}
	return plans, refused, nil
}

// carryOut writes the edits of one shard. Entries that others have changed meanwhile are
// put one by one.
func (s *Store) carryOut(ctx context.Context, shard int, some []planned) (changed int, refused []error, err error) {
	edits := make([]edit, len(some))
	for i, p := range some {
		edits[i] = p.edit
	}
	written, err := s.write(ctx, shard, edits...)
	if err != nil {
		return 0, nil, fmt.Errorf("write %d entries: %w", len(edits), err)
	}
	for i, ok := range written {
		if !ok {
			e := some[i].entry
			if ok, err = s.put(ctx, e, some[i].last); err != nil {
				refused = append(refused, &RefusedError{e.ID, err})
			}
		}
		if ok {
			changed++
		}
	}
	return changed, refused, nil
}
