package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrTaken says that an entry's ID belongs to one of another origin.
var ErrTaken = errors.New("is there already, from")

// Put adds an entry, or replaces the one of its ID, and reports whether anything
// changed. The books are kept; the next tick is worked out anew, from Redis' time, only
// if the spec or the zone changed. An entry of another origin is not replaced:
// the error then is [ErrTaken].
func (s *Store) Put(ctx context.Context, e Entry) (changed bool, err error) {
	if err := e.Validate(); err != nil {
		return false, err
	}
	return s.update(ctx, e.ID, func(old stored, now time.Time) (edit, error) {
		return replace(old, e, now)
	})
}

// replace decides what becomes of a stored entry when e is put.
func replace(old stored, e Entry, now time.Time) (edit, error) {
	encoded, err := e.encode()
	if err != nil {
		return edit{}, err
	}
	record, err := old.record()
	known := err == nil // what cannot be read is replaced
	if known && record.Entry.Origin != e.Origin {
		return edit{}, fmt.Errorf("entry %s %w %s: change it there, or choose another id", e.ID, ErrTaken, record.Entry.Origin)
	}
	if known && old.entry == string(encoded) {
		return edit{}, errUnchanged
	}
	books := record.Books
	if !known || record.Entry.Spec != e.Spec || record.Entry.Zone != e.Zone {
		spec, err := e.parse()
		if err != nil {
			return edit{}, err
		}
		books.Next = spec.Next(now)
		// The configuration may name a moment that passed: it is read at every start.
		if books.Next.IsZero() && e.Origin != OriginConfig {
			return edit{}, fmt.Errorf("entry %s: spec %q is past, it is %s now: give a moment to come", e.ID, e.Spec, now.Format(time.RFC3339))
		}
	}
	if !known || record.Entry.Paused != e.Paused {
		books.Paused = e.Paused
	}
	made, err := old.rewrite(books, books.due())
	if err != nil {
		return edit{}, err
	}
	made.entry, made.config = string(encoded), e.Origin == OriginConfig
	return made, nil
}

// Remove removes an entry and reports whether it was there. A tick already claimed may
// still be enqueued.
func (s *Store) Remove(ctx context.Context, id string) (bool, error) {
	return s.update(ctx, id, func(old stored, _ time.Time) (edit, error) {
		if old.entry == "" && old.books == "" {
			return edit{}, errUnchanged
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
		return old.rewrite(record.Books, record.Books.due())
	})
}
