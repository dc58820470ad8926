package documents

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultTTL is how long a document is kept where a store is given no TTL.
const DefaultTTL = 30 * 24 * time.Hour

// Store keeps documents in Redis. It is safe for concurrent use.
//
// Its keys: <prefix>document:<id> holds one document, <prefix>documents the IDs by time of
// storing, <prefix>story:<id> what a story's first document is compared by, and <prefix>shingles:<band> the story that has
// this part of it. Documents are spread over the slots of a cluster; no command touches two keys.
type Store struct {
	client redis.UniversalClient
	prefix string
	ttl    time.Duration
	now    func() time.Time
	known  *known
}

// New returns a store whose keys carry prefix. Documents are kept for ttl; 0 means
// [DefaultTTL].
func New(client redis.UniversalClient, prefix string, ttl time.Duration, now func() time.Time) *Store {
	return &Store{client: client, prefix: prefix, ttl: cmp.Or(ttl, DefaultTTL), now: now, known: newKnown(maxKnown)}
}

func (s *Store) documentKey(id string) string { return s.prefix + "document:" + id }
func (s *Store) indexKey() string             { return s.prefix + "documents" }

// State says what [Store.Put] found.
type State string

// The states of a document that was put.
const (
	Stored    State = "stored"    // no document had this URL
	Changed   State = "changed"   // the document at this URL told something else
	Unchanged State = "unchanged" // it tells what it told, but for a counter; it is kept for another TTL
)

//go:embed put.lua
var putSource string

var putScript = redis.NewScript(putSource)

// Put stores d under its canonical URL. A put that failed midway is mended by
// putting the document again.
func (s *Store) Put(ctx context.Context, d Document) (State, error) {
	if d.URL == "" {
		return "", errors.New("put document: it has no URL")
	}
	d.ID, d.Hash, d.Stored = ID(d.URL), hash(d), s.now().UTC().Truncate(time.Millisecond)
	told := signatureOf(d.Title, d.Text)
	story, keys, err := s.storyOf(ctx, d.ID, told)
	if err != nil {
		return "", fmt.Errorf("put document %s: %w", d.ID, err)
	}
	d.Story = story
	encoded, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("put document %s: %w", d.ID, err)
	}
	reply, err := putScript.Run(ctx, s.client, []string{s.documentKey(d.ID)},
		d.Hash, encoded, d.Stored.UnixMilli(), s.ttl.Milliseconds(), strings.Join(wordsOf(d.Title), " "), told.String(), sameSubstance).StringSlice()
	if err != nil {
		return "", fmt.Errorf("put document %s: %w", d.ID, err)
	}
	stored, err := strconv.ParseInt(reply[1], 10, 64)
	if err != nil {
		return "", fmt.Errorf("put document %s: time of storing: %w", d.ID, err)
	}
	// Also for an unchanged document: the put that stored it may have failed here.
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZAdd(ctx, s.indexKey(), redis.Z{Score: float64(stored), Member: d.ID})
		for _, key := range keys {
			p.PExpire(ctx, key, s.ttl)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("index document %s: %w", d.ID, err)
	}
	return State(reply[0]), nil
}

// Keep keeps the document with this ID for another TTL, and reports whether there is one.
func (s *Store) Keep(ctx context.Context, id string) (bool, error) {
	kept, err := s.client.PExpire(ctx, s.documentKey(id), s.ttl).Result()
	if err != nil {
		return false, fmt.Errorf("keep document %s: %w", id, err)
	}
	return kept, nil
}

// Get returns the document with this ID and true, or false if there is none. Its Data is shared with
// other callers and must not be changed.
func (s *Store) Get(ctx context.Context, id string) (Document, bool, error) {
	found, err := s.read(ctx, []string{id})
	if err != nil {
		return Document{}, false, fmt.Errorf("get document %s: %w", id, err)
	}
	if len(found) == 0 {
		return Document{}, false, nil
	}
	return found[0], true, nil
}
