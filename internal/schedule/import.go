package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/calendar"
)

// Import is an entry that another scheduler ran until now.
type Import struct {
	Entry Entry
	// Last is the last tick that it has enqueued, or the moment it counts from: ticks up to
	// it are done, those after it are not. Zero: unknown, and only ticks to come count.
	Last time.Time
}

// Import puts entries that another scheduler ran, each going on after its last tick there. It
// returns how many changed. Ticks since then were missed, and the entry's catch-up policy
// says what becomes of them. An entry that has gone on from a later tick does not go back.
//
// Nothing is written if one of them is not valid, given twice, or taken by another origin:
// the error names each. An outage while it writes may leave some of them written, and the
// same call then adds the others.
func (s *Store) Import(ctx context.Context, imports []Import) (changed int, err error) {
	entries := make([]Entry, len(imports))
	for i, one := range imports {
		entries[i] = one.Entry
	}
	if err := validateAll(entries); err != nil {
		return 0, err
	}
	var byShard [shards][]Import
	for _, one := range imports {
		shard := shardOf(one.Entry.ID)
		byShard[shard] = append(byShard[shard], one)
	}
	for _, write := range []bool{false, true} {
		if changed, err = s.importAll(ctx, byShard, write); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// importAll goes through all imports, to check or to write them.
func (s *Store) importAll(ctx context.Context, byShard [shards][]Import, write bool) (changed int, err error) {
	var refused []error
	for shard, rest := range byShard {
		for len(rest) > 0 {
			some := rest[:min(putAtOnce, len(rest))]
			rest = rest[len(some):]
			n, bad, err := s.importSome(ctx, shard, some, write)
			if changed += n; err != nil {
				return changed, err
			}
			refused = append(refused, bad...)
		}
	}
	return changed, errors.Join(refused...)
}

// importSome imports entries of one shard. Those others write meanwhile are put one by one.
func (s *Store) importSome(ctx context.Context, shard int, some []Import, write bool) (changed int, refused []error, err error) {
	ids := make([]string, len(some))
	for i, one := range some {
		ids[i] = one.Entry.ID
	}
	found, now, err := s.read(ctx, shard, ids...)
	if err != nil {
		return 0, nil, fmt.Errorf("read %d entries: %w", len(ids), err)
	}
	var edits []edit
	var edited []Import
	for i, one := range some {
		made, err := one.replace(found[i], now)
		switch {
		case errors.Is(err, errUnchanged):
		case err != nil:
			refused = append(refused, err)
		default:
			edits, edited = append(edits, made), append(edited, one)
		}
	}
	if !write {
		return 0, refused, nil
	}
	written, err := s.write(ctx, shard, edits...)
	if err != nil {
		return 0, refused, fmt.Errorf("write %d entries: %w", len(edits), err)
	}
	for i, ok := range written {
		if !ok {
			if ok, err = s.update(ctx, edited[i].Entry.ID, edited[i].replace); err != nil {
				refused = append(refused, err)
			}
		}
		if ok {
			changed++
		}
	}
	return changed, refused, nil
}

// replace decides what becomes of a stored entry when i is imported at now.
func (i Import) replace(old stored, now time.Time) (edit, error) {
	e := i.Entry
	record, err := old.record()
	known := err == nil // what cannot be read is replaced
	if !known {
		record = Record{}
	}
	books := record.Books
	same := known && e.dueAs(record.Entry)
	if i.Last.IsZero() || i.Last.Before(books.Last) || i.Last.Equal(books.Last) && same {
		return replace(old, e, now) // it goes on where it is
	}
	if known && record.Entry.Origin != e.Origin {
		return edit{}, taken(record.Entry)
	}
	next, err := e.tickAfter(calendar.NewBudget(context.Background()), i.Last)
	if err != nil {
		return edit{}, err
	}
	if next.IsZero() {
		return edit{}, fmt.Errorf("entry %s: spec %q is not due any more after its last tick %s: leave it out", e.ID, e.Spec, i.Last.Format(time.RFC3339))
	}
	if same && books.Next.After(next) {
		next = books.Next // a tick before it was dropped here
	}
	encoded, err := e.encode()
	if err != nil {
		return edit{}, err
	}
	books.Next, books.Last, books.LastTask, books.LastQueue = next, i.Last, "", ""
	if !known || record.Entry.Paused != e.Paused {
		books.Paused = e.Paused
	}
	books.Revision++
	made := old.rewrite(books, Record{e, books}.Due())
	made.entry, made.config = string(encoded), e.Origin == OriginConfig
	return made, nil
}
