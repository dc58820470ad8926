package schedule

import (
	"errors"
	"time"
)

// quarantine is how long an entry that cannot be read is left alone. It is short, because
// a newer scheduler beside this one may be able to.
const quarantine = time.Minute

// mend decides what becomes of a claimed entry that cannot be read, as somebody's edit by
// hand may leave it: one that is gone is removed, books that are lost are begun anew, and
// anything else is set aside for a while, out of the way of the others.
func mend(s stored, problem error, now time.Time) edit {
	if errors.Is(problem, ErrNotFound) {
		return edit{read: s}
	}
	bare := stored{id: s.id, entry: s.entry, books: "{}"}
	record, err := bare.record()
	if err != nil {
		return s.rewrite(Books{}.withError(problem), now.Add(quarantine))
	}
	spec, err := record.Entry.parse()
	if err != nil {
		return s.rewrite(record.Books.withError(err), now.Add(quarantine))
	}
	record.Books = Books{Next: spec.Next(now.Add(-record.Entry.Shift())), Paused: record.Entry.Paused}.withError(problem)
	return s.rewrite(record.Books, record.Due())
}
