package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/documents"

	"github.com/redis/go-redis/v9"
)

// batch bounds how many commands one round trip carries.
const batch = 100

// Store keeps pages in Redis, each under a key of its own: <prefix>page:<id>. No command touches two.
// It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
	ttl    time.Duration
	now    func() time.Time
}

// New returns a store whose keys carry prefix. A page is remembered for ttl after it was met
// last; 0 means [documents.DefaultTTL].
func New(client redis.UniversalClient, prefix string, ttl time.Duration, now func() time.Time) *Store {
	return &Store{client: client, prefix: prefix, ttl: cmp.Or(ttl, documents.DefaultTTL), now: now}
}

func (s *Store) key(url string) string { return s.prefix + "page:" + ID(url) }

// Get returns what is known of the page at a canonical URL, a page without a state if nothing is.
func (s *Store) Get(ctx context.Context, url string) (Page, error) {
	encoded, err := s.client.Get(ctx, s.key(url)).Result()
	if err != nil && !isNothing(err) {
		return Page{}, fmt.Errorf("page %s: %w", ID(url), err)
	}
	return decode(url, encoded), nil
}

// isNothing reports whether err says that there is no page: no key, or one of something else.
func isNothing(err error) bool {
	return errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE")
}

// decode returns the page that Redis holds. What is none, or another's, is as good as nothing: the
// page is met anew.
func decode(url, encoded string) Page {
	var p Page
	if json.Unmarshal([]byte(encoded), &p) != nil || p.URL != url {
		return Page{URL: url}
	}
	return p
}

// Put keeps what is known of a page, under its own URL and under others that led to it.
func (s *Store) Put(ctx context.Context, p Page, led ...string) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, url := range append([]string{p.URL}, led...) {
			p.URL = url
			encoded, err := json.Marshal(p)
			if err != nil {
				return err
			}
			pipe.Set(ctx, s.key(url), encoded, s.ttl)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put page %s: %w", ID(p.URL), err)
	}
	return nil
}

// Listing is a page as its source lists it.
type Listing struct {
	URL string // canonical
	// Changed is when the source says that it has changed, the zero time if it does not say.
	Changed time.Time
}

// Meet takes in the pages that a source lists, and returns those that are to be fetched, in order. A
// page that is met for the first time waits from now on. All are remembered for another TTL.
func (s *Store) Meet(ctx context.Context, source string, listed []Listing) ([]Page, error) {
	var due []Page
	for len(listed) > 0 {
		n := min(batch, len(listed))
		found, err := s.meet(ctx, source, listed[:n])
		if err != nil {
			return nil, fmt.Errorf("pages of source %s: %w", source, err)
		}
		due, listed = append(due, found...), listed[n:]
	}
	return due, nil
}

func (s *Store) meet(ctx context.Context, source string, listed []Listing) ([]Page, error) {
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, l := range listed {
			p.Get(ctx, s.key(l.URL))
		}
		for _, l := range listed {
			p.PExpire(ctx, s.key(l.URL), s.ttl)
		}
		return nil
	})
	if len(replies) < len(listed) {
		return nil, err
	}
	now := s.now()
	var due, unknown []Page
	for i, reply := range replies[:len(listed)] {
		encoded, err := reply.(*redis.StringCmd).Result()
		if err != nil && !isNothing(err) {
			return nil, err
		}
		p := decode(listed[i].URL, encoded)
		if p.State == "" {
			p.Source, p.State, p.Met = source, Waiting, now
			unknown = append(unknown, p)
		}
		if p.due(listed[i].Changed, now) {
			due = append(due, p)
		}
	}
	return due, s.await(ctx, unknown)
}

// await keeps pages as waiting, unless somebody has written what became of them meanwhile.
func (s *Store) await(ctx context.Context, unknown []Page) error {
	if len(unknown) == 0 {
		return nil
	}
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, p := range unknown {
			encoded, err := json.Marshal(p)
			if err != nil {
				return err
			}
			pipe.SetNX(ctx, s.key(p.URL), encoded, s.ttl)
		}
		return nil
	})
	return err
}
