package schedule

import (
	"errors"
	"time"

	"switchyard/internal/calendar"
)

// quarantine is how long an entry that cannot be read or worked out is put aside. It is
// short, because a newer scheduler beside this one may be able to.
const quarantine = time.Minute

// repair decides what becomes of a claimed entry that cannot be read, as somebody's edit
// by hand may leave it: one that is gone is removed, books that are lost are begun anew,
// and anything else is put aside, out of the way of the others.
func repair(b *calendar.Budget, s stored, problem error, now time.Time) edit {
	if errors.Is(problem, ErrNotFound) {
		return edit{read: s}
	}
	bare := stored{id: s.id, entry: s.entry, books: "{}"}
	record, err := bare.record()
	if err != nil {
		return s.putAside(Books{}, problem, now)
	}
	next, err := record.Entry.tickAfter(b, now.Add(-record.Entry.Shift()))
	if err != nil {
		return s.putAside(record.Books, err, now)
	}
	record.Books = Books{Next: next, Paused: record.Entry.Paused}.withError(problem)
	return s.rewrite(record.Books, record.Due())
}

// putAside returns the edit that leaves an entry alone for a while and says why.
func (s stored) putAside(books Books, problem error, now time.Time) edit {
	return s.rewrite(books.withError(problem), now.Add(quarantine))
}
