package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/calendar"
)

// ErrTaken says that an entry's ID belongs to one of another origin.
var ErrTaken = errors.New("is from another place")

// ErrExists says that an entry of that ID is there already.
var ErrExists = errors.New("is there already")

// Put adds an entry, or replaces the one of its ID, and reports whether anything
// changed. The books are kept; the next tick is worked out anew, from Redis' time, only
// if the times it is due at changed, and is later than the last one that was enqueued. An
// entry of another origin is not replaced: the error then is [ErrTaken].
func (s *Store) Put(ctx context.Context, e Entry) (changed bool, err error) {
	if err := e.Validate(ctx); err != nil {
		return false, err
	}
	return s.put(ctx, e, time.Time{})
}

// put puts a valid entry that was enqueued up to the tick last elsewhere, zero if it was not.
func (s *Store) put(ctx context.Context, e Entry, last time.Time) (changed bool, err error) {
	return s.update(ctx, e.ID, func(old stored, now time.Time) (edit, error) {
		return replace(ctx, old, e, last, now)
	})
}

// Add is Put for an entry that is not there yet. The error is [ErrExists] if it is, so
// that of two who add the same one is told.
func (s *Store) Add(ctx context.Context, e Entry) error {
	_, err := s.Change(ctx, e.ID, func(_ Record, found bool) (Entry, error) {
		if found {
			return e, fmt.Errorf("entry %s %w: replace it, or choose another id", e.ID, ErrExists)
		}
		return e, nil
	})
	return err
}

// Change is Put for an entry that change makes from the one of that ID, if it is found.
// change is called again if somebody else changes the entry meanwhile: what it decides by the books
// and the revision of the old one holds when the new one is written.
func (s *Store) Change(ctx context.Context, id string, change func(old Record, found bool) (Entry, error)) (changed bool, err error) {
	return s.update(ctx, id, func(old stored, now time.Time) (edit, error) {
		record, err := old.record()
		e, err := change(record, err == nil)
		if err != nil {
			return edit{}, err
		}
		if err := e.Validate(ctx); err != nil {
			return edit{}, err
		}
		return replace(ctx, old, e, time.Time{}, now)
	})
}

// replace decides what becomes of a stored entry when e is put, which was enqueued up to the
// tick last elsewhere, zero if it was not.
func replace(ctx context.Context, old stored, e Entry, last, now time.Time) (edit, error) {
	encoded, err := e.encode()
	if err != nil {
		return edit{}, err
	}
	record, err := old.record()
	known := err == nil // what cannot be read is replaced
	if known && !e.replaces(record.Entry) {
		return edit{}, taken(record.Entry)
	}
	if !known {
		record = Record{}
	}
	last = last.UTC().Truncate(time.Second)
	ahead := last.After(record.Books.Last)
	if known && old.entry == string(encoded) && !ahead {
		return edit{}, errUnchanged
	}
	if ahead {
		if last.After(now.Add(-e.Shift())) {
			return edit{}, fmt.Errorf("entry %s: last tick %s is still to come, it is %s now: give one that was enqueued", e.ID, last.Format(time.RFC3339), now.Format(time.RFC3339))
		}
		record.Books.Last, record.Books.LastTask, record.Books.LastQueue = last, "", ""
	}
	books := record.Books
	if books.Next, err = e.next(ctx, record, now, ahead); err != nil {
		return edit{}, err
	}
	if !known || record.Entry.Paused != e.Paused {
		books.Paused = e.Paused
	}
	books.Revision++
	made := old.rewrite(books, Record{e, books}.Due())
	made.entry, made.config, made.owner = string(encoded), e.Origin == OriginConfig, e.Owner
	return made, nil
}

// places say where entries of an origin are changed.
var places = map[string]string{
	OriginConfig: "the configuration file",
	OriginAPI:    "the command line",
	OriginUser:   "a user's preferences",
}

// replaces reports whether e may take the place of another entry: it is of the same origin, and no
// other owner's.
func (e Entry) replaces(other Entry) bool {
	return e.Origin == other.Origin && (other.ConfiguredBy == "" || e.ConfiguredBy == other.ConfiguredBy)
}

func taken(e Entry) error {
	if e.ConfiguredBy != "" {
		return fmt.Errorf("entry %s %w, the configuration file of %s: change it there, or choose another id; if that deployment is gone, give it up with switchyard schedule disown",
			e.ID, ErrTaken, e.ConfiguredBy)
	}
	return fmt.Errorf("entry %s %w, %s: change it there, or choose another id", e.ID, ErrTaken, places[e.Origin])
}

// next returns the next tick of an entry that takes the place of old, zero if none
// follows: the first after old's last one, and one to come unless pastToo is set.
func (e Entry) next(ctx context.Context, old Record, now time.Time, pastToo bool) (time.Time, error) {
	spent := e.MaxRuns > 0 && old.Books.Runs >= e.MaxRuns
	if spent {
		return time.Time{}, nil
	}
	known := !old.Books.Next.IsZero() && e.dueAs(old.Entry)
	if known && !pastToo {
		return old.Books.Next, nil
	}
	after := now.Add(-e.Shift())
	if pastToo || old.Books.Last.After(after) {
		after = old.Books.Last
	}
	next, err := e.tickAfter(calendar.NewBudget(ctx), after)
	if err != nil {
		return time.Time{}, err
	}
	if known && !next.IsZero() && old.Books.Next.After(next) {
		return old.Books.Next, nil // ticks before it were dropped here
	}
	// The configuration may name moments that passed: it is read at every start.
	if next.IsZero() && e.Origin != OriginConfig {
		return time.Time{}, fmt.Errorf("entry %s: spec %q is not due any more, it is %s now: give times to come, and see to start and end", e.ID, e.Spec, now.Format(time.RFC3339))
	}
	return next, nil
}

// dueAs reports whether e is due at the same times as other.
func (e Entry) dueAs(other Entry) bool {
	return e.Spec == other.Spec && e.Zone == other.Zone && e.Cron == other.Cron && e.Start.Equal(other.Start) && e.End.Equal(other.End)
}

// Remove removes an entry and reports whether it was there. One of another origin is not
// removed: the error then is [ErrTaken]. A tick already claimed may still be enqueued.
func (s *Store) Remove(ctx context.Context, id, origin string) (bool, error) {
	return s.update(ctx, id, func(old stored, _ time.Time) (edit, error) {
		if old.entry == "" && old.books == "" {
			return edit{}, errUnchanged
		}
		if record, err := old.record(); err == nil && record.Entry.Origin != origin {
			return edit{}, taken(record.Entry)
		}
		return edit{read: old}, nil
	})
}

// Pause holds an entry's ticks back until [Store.Resume], and reports whether it ran. A
// tick already claimed may still be enqueued. The error is [ErrNotFound] if there is no
// such entry.
func (s *Store) Pause(ctx context.Context, id string) (bool, error) {
	return s.setPaused(ctx, id, true)
}

// Resume ends a pause and reports whether there was one. What becomes of the ticks in
// between the entry's catch-up policy says.
func (s *Store) Resume(ctx context.Context, id string) (bool, error) {
	return s.setPaused(ctx, id, false)
}

func (s *Store) setPaused(ctx context.Context, id string, paused bool) (bool, error) {
	return s.update(ctx, id, func(old stored, _ time.Time) (edit, error) {
		record, err := old.record()
		if err != nil {
			return edit{}, err
		}
		if record.Books.Paused == paused {
			return edit{}, errUnchanged
		}
		record.Books.Paused = paused
		record.Books.Revision++
		return old.rewrite(record.Books, record.Due()), nil
	})
}
