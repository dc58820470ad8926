package journal

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // finds damage, not forgery
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// event says what an entry notes.
type event string

// The events. All but the first and the last are about a step.
const (
	attempted event = "attempt"  // an attempt wrote for the first time; by now that entry says so itself
	begun     event = "begin"    // the step begins; of an effect this is the intent
	done      event = "done"     // it is done, with its result
	undone    event = "undone"   // it is certainly not done
	asked     event = "ask"      // it is not to begin before a person has said so
	approved  event = "approved" // a person has it done, maybe again
	rejected  event = "rejected" // a person has it not done, or not again, and gives its result
	ended     event = "end"      // the run is over, with its result
)

// entry is one entry of a journal, as it is stored.
type entry struct {
	Event   event  `json:"event"`
	Step    string `json:"step,omitempty"`
	Effect  bool   `json:"effect,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	// Worker is who makes the attempt, in the first entry that it writes.
	Worker string `json:"worker,omitempty"`
	// Took is how many milliseconds before the entry its step began, if the entry has taken the
	// place of that begin.
	Took   *int64          `json:"took,omitempty"`
	Input  json.RawMessage `json:"input,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`

	at time.Time
}

// began returns when the step of the entry began, if it says so, and otherwise its own time.
func (e entry) began() time.Time {
	if e.Took == nil {
		return e.at
	}
	return e.at.Add(-time.Duration(*e.Took) * time.Millisecond)
}

// ErrDamaged is the error of a journal with an entry that cannot be read, or is not what was
// written. What the run has done is not known then, and no attempt may guess it.
var ErrDamaged = errors.New("the journal is damaged")

// sumDigits is how much of an entry's SHA-1 is stored with it.
const sumDigits = 16

// parse reads the stored entry at a place, from 0.
func parse(place int, stored string) (entry, error) {
	damaged := func(why string) (entry, error) {
		return entry{}, fmt.Errorf("%w: entry %d (%.60q) %s", ErrDamaged, place+1, stored, why)
	}
	at, rest, _ := bytes.Cut([]byte(stored), []byte(" "))
	sum, text, found := bytes.Cut(rest, []byte(" "))
	ms, err := strconv.ParseInt(string(at), 10, 64)
	if !found || err != nil {
		return damaged("is not a time, a sum and JSON")
	}
	is := sha1.Sum(fmt.Appendf(nil, "%d %s %s", place, at, text)) //nolint:gosec // as above
	if hex.EncodeToString(is[:])[:sumDigits] != string(sum) {
		return damaged("does not have its sum: it was changed, or entries before it were removed")
	}
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return damaged(err.Error())
	}
	e.at = time.UnixMilli(ms).UTC()
	return e, nil
}
