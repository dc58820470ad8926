// Package layout numbers the layout of what is kept in Redis, so that a program never works on
// what it does not understand. The number stands in Redis, beside what has the layout. It changes
// when an older program would misread what a newer one has written; to add a key or a field that
// older programs leave alone changes nothing.
package layout

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Known is the latest layout that this program reads, and the one that it writes.
const Known = 1

//go:embed claim.lua
var claimLua string

var claimScript = redis.NewScript(claimLua)

// Stored is what a Redis says of its layout. One that says nothing has never been used.
type Stored struct {
	Reads  int       // what a program has to know, at least, to work on it
	Writes int       // what has been written, at most
	By     string    // the release that began it
	At     time.Time // when, by Redis's clock
}

// Mark is where the layout of a deployment is noted. It is safe for concurrent use.
type Mark struct {
	client redis.UniversalClient
	key    string

	// Every is the time between two looks of Watch. It is not changed once that runs.
	Every time.Duration
}

// NewMark returns the mark of the deployment whose keys begin with prefix.
func NewMark(client redis.UniversalClient, prefix string) *Mark {
	return &Mark{client, prefix + "layout", lookEvery}
}

// NewerError says that a Redis has a layout that this program does not know.
type NewerError struct {
	Key string
	Stored
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("what is stored in redis has layout %d, which %s began on %s, and this program knows no layout after %d: run that release or a later one, "+
		"or give this one a database of its own (%s)", e.Reads, e.By, e.At.Format(time.DateOnly), Known, e.Key)
}

// Claim notes that this program, of a release, works here. The first one decides on the layout. The
// error is a [*NewerError] if it must not.
func (m *Mark) Claim(ctx context.Context, release string) error {
	fields, err := claimScript.Run(ctx, m.client, []string{m.key}, Known, release).StringSlice()
	if err != nil {
		return fmt.Errorf("note the layout in %s: %w", m.key, err)
	}
	return m.judge(fields)
}

// Check is Claim for whoever only passes by: it notes nothing.
func (m *Mark) Check(ctx context.Context) error {
	fields, err := claimScript.Run(ctx, m.client, []string{m.key}, 0, "").StringSlice()
	if err != nil {
		return fmt.Errorf("read the layout in %s: %w", m.key, err)
	}
	return m.judge(fields)
}

// judge reports why fields of the mark forbid to work.
func (m *Mark) judge(fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	stored, err := m.stored(fields)
	if err == nil && stored.Reads > Known {
		err = &NewerError{m.key, stored}
	}
	return err
}

// stored reads the fields of a mark: reads, writes, by, at in ms.
func (m *Mark) stored(fields []string) (Stored, error) {
	var numbers [3]int64
	for i, at := range []int{0, 1, 3} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil || n < 1 {
			return Stored{}, fmt.Errorf("the layout in %s is %q: it is not Switchyard's; rename or delete the key, if what is stored is of this release", m.key, fields)
		}
		numbers[i] = n
	}
	return Stored{Reads: int(numbers[0]), Writes: int(numbers[1]), By: fields[2], At: time.UnixMilli(numbers[2]).UTC()}, nil
}

// lookEvery is how long a program works at most on a layout that it does not know.
const lookEvery = 10 * time.Second

// Watch returns once a newer program has changed the layout to one that this one does not know, with
// a [*NewerError], or nil when ctx ends. A Redis that does not answer now is asked later.
func (m *Mark) Watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(m.Every):
		}
		if err := m.Check(ctx); errors.As(err, new(*NewerError)) {
			return err
		}
	}
}
