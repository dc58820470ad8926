// Package sources keeps what each source of pages has brought: what its last visit found, how many
// of its pages were read, and which of them are in trouble. When a source is visited is said by its
// entry in the schedule.
package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/pages"
	"switchyard/internal/schedule"
)

// kept is how long a source is remembered after its last visit.
const kept = 90 * 24 * time.Hour

// maxTroubles bounds how many pages of a source are kept as in trouble, the latest ones.
const maxTroubles = 100

// Visit is what a visit to a source found.
type Visit struct {
	At time.Time `json:"at,omitzero"`
	// URL is what was visited, and Feed what was read, if that is another one.
	URL   string `json:"url,omitempty"`
	Feed  string `json:"feed,omitempty"`
	Title string `json:"title,omitempty"` // what the source calls itself
	// Moved is where URL has moved for good, as its server says, "" if it has not.
	Moved string `json:"moved,omitempty"`
	// Found is how many pages it listed, and New how many of them were sent to be fetched.
	Found int `json:"found"`
	New   int `json:"new"`
	// Unchanged is that it listed what it had listed before.
	Unchanged bool `json:"unchanged,omitempty"`
	// Error says why it could not be read, "" if it could.
	Error string `json:"error,omitempty"`
}

// Report is what is known of a source.
type Report struct {
	Name string `json:"name"`
	// Last is the last visit, and LastGood the last one that could be read.
	Last     Visit `json:"last"`
	LastGood Visit `json:"last_good"`
	// Failures are the visits since LastGood.
	Failures int `json:"failures,omitempty"`
	// Read and Gone are how many of its pages were read, anew or again, and given up.
	Read int `json:"read"`
	Gone int `json:"gone"`
	// Troubles are the URLs of its pages that failed last, the latest first.
	Troubles []string `json:"troubles,omitempty"`
}

// Store keeps sources in Redis, each in one slot of a cluster: <prefix>{source:<name>}:visits and
// :troubles. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	entries *schedule.Store
	pages   *pages.Store
}

// New returns a store whose keys carry prefix, of the sources in a schedule and their pages.
func New(client redis.UniversalClient, prefix string, entries *schedule.Store, known *pages.Store) *Store {
	return &Store{client, prefix, entries, known}
}

func (s *Store) visitsKey(name string) string   { return s.prefix + "{source:" + name + "}:visits" }
func (s *Store) troublesKey(name string) string { return s.prefix + "{source:" + name + "}:troubles" }

// Visited notes a visit.
func (s *Store) Visited(ctx context.Context, name string, v Visit) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("visit to source %s: %w", name, err)
	}
	key := s.visitsKey(name)
	_, err = s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		if v.Error == "" {
			p.HSet(ctx, key, "last", encoded, "last_good", encoded, "failures", 0)
		} else {
			p.HSet(ctx, key, "last", encoded)
			p.HIncrBy(ctx, key, "failures", 1)
		}
		p.PExpire(ctx, key, kept)
		return nil
	})
	if err != nil {
		return fmt.Errorf("visit to source %s: %w", name, err)
	}
	return nil
}

// Note notes what became of a page of a source.
func (s *Store) Note(ctx context.Context, name string, page pages.Page) error {
	visits, troubles := s.visitsKey(name), s.troublesKey(name)
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		switch page.State {
		case pages.Seen:
			p.HIncrBy(ctx, visits, "read", 1)
			p.ZRem(ctx, troubles, page.URL)
		case pages.Gone:
			p.HIncrBy(ctx, visits, "gone", 1)
			fallthrough
		default:
			p.ZAdd(ctx, troubles, redis.Z{Score: float64(page.Visited.UnixMilli()), Member: page.URL})
			p.ZRemRangeByRank(ctx, troubles, 0, -maxTroubles-1)
			p.PExpire(ctx, troubles, kept)
		}
		p.PExpire(ctx, visits, kept)
		return nil
	})
	if err != nil {
		return fmt.Errorf("page of source %s: %w", name, err)
	}
	return nil
}

// Report returns what is known of a source. A source that was never visited has a report that says
// nothing.
func (s *Store) Report(ctx context.Context, name string) (r Report, err error) {
	var known *redis.MapStringStringCmd
	var troubles *redis.StringSliceCmd
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		known = p.HGetAll(ctx, s.visitsKey(name))
		troubles = p.ZRevRange(ctx, s.troublesKey(name), 0, maxTroubles-1)
		return nil
	})
	if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
		return r, fmt.Errorf("source %s: %w", name, err)
	}
	fields := known.Val()
	r = Report{Name: name, Failures: number(fields["failures"]), Read: number(fields["read"]), Gone: number(fields["gone"]), Troubles: troubles.Val()}
	for field, visit := range map[string]*Visit{"last": &r.Last, "last_good": &r.LastGood} {
		if json.Unmarshal([]byte(fields[field]), visit) != nil {
			*visit = Visit{} // there was none, or somebody else has written here
		}
	}
	return r, nil
}

// TroublesSince returns how many pages of a source are in trouble and were tried at a time or later.
// It counts at most the latest 100.
func (s *Store) TroublesSince(ctx context.Context, name string, since time.Time) (int, error) {
	n, err := s.client.ZCount(ctx, s.troublesKey(name), strconv.FormatInt(since.UnixMilli(), 10), "+inf").Result()
	if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
		return 0, fmt.Errorf("troubles of source %s: %w", name, err)
	}
	return int(n), nil
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // what is none counts for nothing
	return n
}
