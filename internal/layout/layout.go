// Package layout numbers the layout of what is kept in Redis, so that a program never works on
// what it does not understand. The number stands in Redis, beside what has the layout. It changes
// when an older program would misread what a newer one writes. To add a key or a field that
// older programs leave alone changes nothing; what they then leave undone is a [Feature].
//
// A new layout comes in two steps. A release that knows it goes on to write the one that is written
// already, so that the release before can come back. Once every process knows it, `switchyard upgrade
// finish` has them all write it, and older programs refuse to work from then on.
package layout

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Known is the latest layout that this program reads and can write.
const Known = 1

// Stored is what a Redis says of its layout. One that says nothing has never been used.
type Stored struct {
	Reads  int       // what a program has to know, at least, to work on it
	Writes int       // what programs write
	By     string    // the release that began it
	At     time.Time // when, by Redis's clock
	// Features are those that have been used here, with the release that each came with. It may have some
	// that this program does not know.
	Features map[string]string
}

// NewerError says that a Redis has a layout that this program does not know.
type NewerError struct {
	Key   string
	Knows int
	Stored
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("what is stored in redis has layout %d, which %s began on %s, and this program knows no layout after %d: run that release or a later one, "+
		"or give this one a database of its own (%s)", e.Reads, e.By, e.At.Format(time.DateOnly), e.Knows, e.Key)
}

// Unknown returns the features that this program does not know, with their releases.
func (s Stored) Unknown() []string {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(s.Features)) {
		if !slices.ContainsFunc(Features, func(f Feature) bool { return f.Name == name }) {
			unknown = append(unknown, fmt.Sprintf("%.40q of %.40s", name, s.Features[name]))
		}
	}
	return unknown[:min(len(unknown), maxUnknown)]
}

// maxUnknown bounds what is told of a mark that somebody has filled.
const maxUnknown = 20
