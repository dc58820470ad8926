package roster

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// renewEvery is how often a daemon renews its record, and lostAfter when it is told as lost.
	renewEvery = 5 * time.Second
	lostAfter  = 16 * time.Second
	// toldFor is how long a daemon that has vanished is told.
	toldFor = time.Hour
	// maxRecords bounds the daemons that are told, maxBytes a record.
	maxRecords = 1000
	maxBytes   = 64 << 10
)

var (
	//go:embed renew.lua
	renewLua string
	//go:embed list.lua
	listLua string

	renewScript = redis.NewScript(renewLua)
	listScript  = redis.NewScript(listLua)
)

// Store reads and writes the roster. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	keys   []string
}

// NewStore returns a store whose keys carry prefix, which includes its colon.
func NewStore(client redis.UniversalClient, prefix string) *Store {
	return &Store{client, []string{prefix + "{daemons}:records", prefix + "{daemons}:seen"}}
}

// renew writes the record of a daemon, seen now.
func (s *Store) renew(ctx context.Context, r Record) error {
	text, err := json.Marshal(r.bounded())
	if err != nil {
		return fmt.Errorf("encode the record of daemon %s: %w", r.ID, err)
	}
	if err := renewScript.Run(ctx, s.client, s.keys, r.ID, text, int(toldFor.Seconds()), maxRecords).Err(); err != nil {
		return fmt.Errorf("renew the record of daemon %s: %w", r.ID, err)
	}
	return nil
}

// remove takes the record of a daemon away.
func (s *Store) remove(ctx context.Context, id string) error {
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HDel(ctx, s.keys[0], id)
		p.ZRem(ctx, s.keys[1], id)
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove the record of daemon %s: %w", id, err)
	}
	return nil
}

// List returns the daemons that run, and those that have been lost within the last hour, at most a
// thousand, by host, process and ID. It takes one round trip. A record that cannot be read is left out.
func (s *Store) List(ctx context.Context) ([]Record, error) {
	reply, err := listScript.Run(ctx, s.client, s.keys, maxRecords, maxBytes).StringSlice()
	if err != nil || len(reply) == 0 {
		return nil, fmt.Errorf("list the daemons: %w", err)
	}
	now, err := strconv.ParseInt(reply[0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("list the daemons: redis's clock: %w", err)
	}
	all := []Record{}
	for rest := reply[1:]; len(rest) >= 3; rest = rest[3:] {
		if r, ok := recordOf(rest[0], rest[1], rest[2], now); ok {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// recordOf reads a record. It reports false for one that is none, or is not to be told.
func recordOf(id, seen, text string, now int64) (Record, bool) {
	var r Record
	at, err := strconv.ParseFloat(seen, 64)
	if err != nil || json.Unmarshal([]byte(text), &r) != nil || shorten(id) != id || len(r.Roles) == 0 {
		return r, false
	}
	since := float64(now) - at // in ms
	if !(since < float64(toldFor.Milliseconds())) || since < -float64(time.Minute.Milliseconds()) || r.Up < 0 {
		return r, false
	}
	r = r.bounded()
	r.ID, r.Seen = id, time.UnixMilli(int64(at)).UTC()
	r.Started, r.Lost = r.Seen.Add(-r.Up).Truncate(time.Millisecond), since > float64(lostAfter.Milliseconds())
	return r, true
}
