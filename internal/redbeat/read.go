package redbeat

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// DefaultPrefix is RedBeat's own key prefix, redbeat_key_prefix.
const DefaultPrefix = "redbeat:"

// Bounds of what is read.
const (
	maxEntries = 100_000
	maxField   = 256 << 10 // of a definition or a meta, in bytes
	maxName    = 1024      // of a key, in bytes
	atOnce     = 200       // keys to a round trip
)

// Reader reads RedBeat's entries from its Redis, and writes nothing. It is safe for
// concurrent use.
type Reader struct {
	client redis.UniversalClient
	prefix string
}

// NewReader returns a reader of the entries whose keys carry prefix, which includes its
// colon.
func NewReader(client redis.UniversalClient, prefix string) *Reader {
	return &Reader{client, prefix}
}

// Read returns every entry there is, in no order, those that cannot be read with the reason.
// An error means that some may be missing.
func (r *Reader) Read(ctx context.Context) ([]Stored, error) {
	found := make(map[string]Stored)
	if err := r.readScores(ctx, found); err != nil {
		return nil, fmt.Errorf("read %s:schedule: %w", r.prefix, err)
	}
	if err := r.readNames(ctx, found); err != nil {
		return nil, fmt.Errorf("look for %s*: %w", r.prefix, err)
	}
	all := make([]Stored, 0, len(found))
	for _, s := range found {
		all = append(all, s)
	}
	for start := 0; start < len(all); start += atOnce {
		if err := r.readFields(ctx, all[start:min(start+atOnce, len(all))]); err != nil {
			return nil, fmt.Errorf("read entries under %s*: %w", r.prefix, err)
		}
	}
	return all, nil
}

// readScores adds the entries in RedBeat's sorted set, by which it finds what is due.
func (r *Reader) readScores(ctx context.Context, found map[string]Stored) error {
	for cursor := uint64(0); ; {
		page, next, err := r.client.ZScan(ctx, r.prefix+":schedule", cursor, "", atOnce).Result()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(page); i += 2 {
			var score float64
			if _, err := fmt.Sscan(page[i+1], &score); err != nil {
				return fmt.Errorf("score %q: %w", page[i+1], err)
			}
			name, ours := strings.CutPrefix(page[i], r.prefix)
			s := Stored{Name: name, Score: score, Scheduled: true}
			if !ours {
				s.Err = fmt.Errorf("its key does not start with %q: see to --key-prefix", r.prefix)
			}
			if err := add(found, s); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// readNames adds the keys under the prefix that are not RedBeat's own.
func (r *Reader) readNames(ctx context.Context, found map[string]Stored) error {
	own := map[string]bool{":schedule": true, ":statics": true, ":lock": true}
	pattern := globEscaper.Replace(r.prefix) + "*"
	var one sync.Mutex // the masters of a cluster are asked at once
	return cache.EachMaster(ctx, r.client, func(ctx context.Context, master redis.UniversalClient) error {
		for cursor := uint64(0); ; {
			keys, next, err := master.Scan(ctx, cursor, pattern, 10*atOnce).Result()
			if err != nil {
				return err
			}
			one.Lock()
			for _, key := range keys {
				name := strings.TrimPrefix(key, r.prefix)
				if _, known := found[name]; known || own[name] {
					continue
				}
				if err := add(found, Stored{Name: name}); err != nil {
					one.Unlock()
					return err
				}
			}
			one.Unlock()
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
}

// globEscaper has a prefix match itself alone.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

func add(found map[string]Stored, s Stored) error {
	if len(found) == maxEntries {
		return fmt.Errorf("there are more than %d keys: see to --key-prefix", maxEntries)
	}
	if len(s.Name) > maxName {
		s.Err = fmt.Errorf("its name has %d bytes: at most %d are read", len(s.Name), maxName)
	}
	found[s.Name] = s
	return nil
}
