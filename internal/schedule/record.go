package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/redact"
)

// Books are what the schedule knows of an entry's past and future.
type Books struct {
	// Next is the next tick, which is past while ticks wait to be enqueued or the
	// entry is paused. It is zero if no tick follows.
	Next time.Time `json:"next,omitzero"`
	// Last is the latest tick that was enqueued, LastTask its task's ID and LastQueue
	// where it went.
	Last      time.Time `json:"last,omitzero"`
	LastTask  string    `json:"last_task,omitempty"`
	LastQueue string    `json:"last_queue,omitempty"`
	// LastError says why the latest tick was not enqueued, "" if it was.
	LastError string `json:"last_error,omitempty"`
	// Runs counts the ticks that were enqueued.
	Runs int64 `json:"runs"`
	// Skipped counts the ticks that were not, because the task before was not done.
	Skipped int64 `json:"skipped,omitempty"`
	// Paused holds the entry's ticks back. It follows [Entry.Paused] when that is
	// changed, and [Store.Pause] and [Store.Resume] otherwise.
	Paused bool `json:"paused,omitempty"`
	// Revision counts the changes of the entry, so that nobody changes one that others
	// changed meanwhile.
	Revision int64 `json:"revision,omitempty"`
}

// Record is an entry with its books.
type Record struct {
	Entry Entry `json:"entry"`
	Books Books `json:"books"`
}

// State is an entry's state in a word.
type State string

// The states of entries.
const (
	OK         State = "ok"
	Paused     State = "paused"
	Failing    State = "error"      // its latest tick was not enqueued
	Over       State = "over"       // no tick follows
	Unreadable State = "unreadable" // somebody broke it by hand
)

// State returns the entry's state.
func (r Record) State() State {
	switch {
	case r.Entry.Kind == "":
		return Unreadable
	case r.Books.Paused:
		return Paused
	case r.Books.LastError != "":
		return Failing
	case r.Books.Next.IsZero():
		return Over
	}
	return OK
}

// unreadable stands for an entry that cannot be read in a list of those that can.
func unreadable(id string, err error) Record {
	return Record{Entry: Entry{ID: id}, Books: Books{}.withError(err)}
}

// Due returns when the next tick is enqueued, zero if never.
func (r Record) Due() time.Time {
	if r.Books.Paused || r.Books.Next.IsZero() {
		return time.Time{}
	}
	return r.Books.Next.Add(r.Entry.Shift())
}

// maxError bounds an error kept in the books, in bytes.
const maxError = 300

// withError returns b with err as its last error.
func (b Books) withError(err error) Books {
	b.LastError = redact.Process.Said(err.Error())
	if len(b.LastError) > maxError {
		b.LastError = strings.ToValidUTF8(b.LastError[:maxError], "") + "…"
	}
	return b
}

// encode returns b as it is stored, never empty.
func (b Books) encode() string {
	encoded, err := json.Marshal(b)
	if err != nil {
		panic(err) // the times in it are Redis's and a spec's, in years of four digits
	}
	return string(encoded)
}

// stored is an entry and its books as Redis has them, "" for what is not there.
type stored struct {
	id, entry, books string
}

// ErrNotFound says that the schedule has no entry of that ID.
var ErrNotFound = errors.New("no such entry: switchyard schedule list shows those there are")

// record decodes s. Somebody may have written to Redis by hand, so the error says which
// half cannot be read.
func (s stored) record() (Record, error) {
	var r Record
	if s.entry == "" {
		return r, fmt.Errorf("entry %s: %w", s.id, ErrNotFound)
	}
	if err := json.Unmarshal([]byte(s.entry), &r.Entry); err != nil {
		return r, fmt.Errorf("entry %s cannot be read, put it again or remove it: %w", s.id, err)
	}
	if r.Entry.ID != s.id {
		return r, fmt.Errorf("entry %s is stored under the id %s: put it again or remove it", r.Entry.ID, s.id)
	}
	if err := json.Unmarshal([]byte(s.books), &r.Books); err != nil {
		return r, fmt.Errorf("books of entry %s cannot be read, put it again or remove it: %w", s.id, err)
	}
	return r, nil
}
