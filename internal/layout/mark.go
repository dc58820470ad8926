package layout

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed mark.lua
	markLua string

	markScript = redis.NewScript(markLua)
)

// featureField begins the fields of the mark that tell which features have been used.
const featureField = "feature:"

// Mark is where the layout of a deployment is noted. It is safe for concurrent use.
type Mark struct {
	client  redis.UniversalClient
	key     string
	release string
	writes  atomic.Int64 // as it stood when this program looked last
	looked  atomic.Pointer[time.Time]
	noted   sync.Map // features, by when they were noted here

	// Knows is the latest layout that the program knows, and Every the time between two looks of Watch.
	// Neither is changed once the mark is used.
	Knows int
	Every time.Duration
}

// NewMark returns the mark of the deployment whose keys begin with prefix, for a program of a release.
func NewMark(client redis.UniversalClient, prefix, release string) *Mark {
	return &Mark{client: client, key: prefix + "layout", release: release, Knows: Known, Every: lookEvery}
}

// Claim notes that this program works here, and returns what is stored from then on. The first one
// decides on the layout. The error is a [*NewerError] if this program must not work here.
func (m *Mark) Claim(ctx context.Context) (Stored, error) { return m.run(ctx, "claim") }

// Look is Claim for whoever only passes by: it notes nothing. What was never used has no layout, 0.
func (m *Mark) Look(ctx context.Context) (Stored, error) { return m.run(ctx, "look") }

// Check is Look for whoever asks for no more than whether this program may work here.
func (m *Mark) Check(ctx context.Context) error {
	_, err := m.Look(ctx)
	return err
}

// Ready is Check for a daemon, which looks every few seconds anyway: nothing is asked if it could go on when
// it did so last, and that is no longer ago than [Mark.Every].
func (m *Mark) Ready(ctx context.Context) error {
	if at := m.looked.Load(); at != nil && time.Since(*at) <= m.Every {
		return nil
	}
	return m.Check(ctx)
}

// Raise has all programs write the layout that this one knows, and older ones refuse to work, if it is not
// so already. Whoever calls it has seen that all that work here know it.
func (m *Mark) Raise(ctx context.Context) (Stored, error) { return m.run(ctx, "raise") }

// Writes returns the layout that is to be written, as this program has seen it last, at most [Mark.Every]
// ago in a daemon. It is 0 before the first look.
func (m *Mark) Writes() int { return int(m.writes.Load()) }

// run has the script do what verb says, and judges whether this program may work on what is stored.
func (m *Mark) run(ctx context.Context, verb string, features ...any) (Stored, error) {
	args := append([]any{verb, m.Knows, m.release}, features...)
	reply, err := markScript.Run(ctx, m.client, []string{m.key}, args...).StringSlice()
	if err != nil {
		return Stored{}, fmt.Errorf("%s the layout in %s: %w", verb, m.key, err)
	}
	if len(reply) == 0 {
		return Stored{}, nil
	}
	stored, err := m.stored(reply)
	if err != nil {
		return Stored{}, err
	}
	m.writes.Store(int64(stored.Writes))
	if stored.Reads > m.Knows {
		return stored, &NewerError{m.key, m.Knows, stored}
	}
	m.looked.Store(new(time.Now()))
	return stored, nil
}

// stored reads what the script returns: reads, writes, by, at in ms, and then all fields with their values.
func (m *Mark) stored(reply []string) (Stored, error) {
	var numbers [3]int64
	for i, at := range []int{0, 1, 3} {
		n, err := strconv.ParseInt(reply[at], 10, 64)
		if err != nil || n < 1 {
			return Stored{}, fmt.Errorf("the layout in %s is %q: it is not Switchyard's; rename or delete the key, if what is stored is of this release", m.key, reply[:4])
		}
		numbers[i] = n
	}
	s := Stored{Reads: int(numbers[0]), Writes: int(numbers[1]), By: reply[2], At: time.UnixMilli(numbers[2]).UTC(), Features: map[string]string{}}
	for rest := reply[4:]; len(rest) >= 2; rest = rest[2:] {
		if name, is := strings.CutPrefix(rest[0], featureField); is {
			s.Features[name] = rest[1]
		}
	}
	return s, nil
}

// NoteTask notes the features of a task that is about to be added.
func (m *Mark) NoteTask(ctx context.Context, kind string, headers map[string]string) {
	if all := FeaturesOf(kind, headers); len(all) > 0 {
		m.Note(ctx, all...)
	}
}

// noteAgain is how long a feature is taken to be noted. Somebody may have emptied the database since.
const noteAgain = time.Minute

// Note notes features that are about to be used here: what older programs do not serve. Each is written once,
// and looked at no more than once a minute. What cannot be noted now is so the next time.
func (m *Mark) Note(ctx context.Context, features ...Feature) {
	var fields []any
	for _, f := range features {
		if at, ok := m.noted.Load(f.Name); !ok || time.Since(at.(time.Time)) >= noteAgain {
			fields = append(fields, featureField+f.Name, f.Since)
		}
	}
	if len(fields) == 0 {
		return
	}
	if _, err := m.run(ctx, "claim", fields...); err == nil {
		for _, f := range features {
			m.noted.Store(f.Name, time.Now())
		}
	}
}
