package documents

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// storyOf returns the story that a document tells: the ID of the first document that told it, which
// may be its own. Of two that begin one at the same time the one stands that has the first band they
// share. Both see the same, because a band is taken once. The keys are those of an older story, which
// are to be kept for another TTL.
func (s *Store) storyOf(ctx context.Context, id string, own signature) (story string, keys []string, err error) {
	story, keys, err = s.toldBefore(ctx, id, own)
	if err != nil || story != "" {
		return story, keys, err
	}
	alone, err := s.begin(ctx, id, own)
	if err != nil {
		return "", nil, fmt.Errorf("begin a story: %w", err)
	}
	if alone {
		return id, nil, nil
	}
	story, keys, err = s.toldBefore(ctx, id, own)
	return cmp.Or(story, id), keys, err
}

// begin begins a story of a document's own. It reports whether no other one has a band of it. The story is
// there before a band of it is, on whichever masters of a Cluster they are: who finds the band compares
// with the story.
func (s *Store) begin(ctx context.Context, id string, own signature) (alone bool, err error) {
	if err := s.client.Set(ctx, s.storyKey(id), own.String(), s.ttl).Err(); err != nil {
		return false, err
	}
	var took [bands]*redis.BoolCmd
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range took {
			took[i] = p.SetNX(ctx, s.bandKey(own.band(i)), id, s.ttl)
		}
		return nil
	})
	return !slices.ContainsFunc(took[:], func(one *redis.BoolCmd) bool { return !one.Val() }), err
}

// toldBefore returns the story most like a document's own among those that have taken the first band
// they share with it, and the keys that make it one; "" if none tells the same.
func (s *Store) toldBefore(ctx context.Context, id string, own signature) (story string, keys []string, err error) {
	taken := make([]string, bands)
	for i := range taken {
		taken[i] = s.bandKey(own.band(i))
	}
	owners, err := s.get(ctx, taken)
	if err != nil {
		return "", nil, fmt.Errorf("look for a story: %w", err)
	}
	others := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(owners))), func(owner string) bool { return owner == "" || owner == id })
	told, err := s.signatures(ctx, others)
	if err != nil {
		return "", nil, fmt.Errorf("look for a story: %w", err)
	}
	best, text := sameStory-1, own.String()
	for i, owner := range owners {
		if n := alike(text, told[owner]); n > best && firstShared(text, told[owner]) == i {
			best, story = n, owner
		}
	}
	if story == "" {
		return "", nil, nil
	}
	keys = []string{s.storyKey(story)}
	for i, owner := range owners {
		if owner == story {
			keys = append(keys, taken[i])
		}
	}
	return story, keys, nil
}

// signatures returns what stories are compared by, "" of one that is not there.
func (s *Store) signatures(ctx context.Context, stories []string) (map[string]string, error) {
	keys := make([]string, len(stories))
	for i, story := range stories {
		keys[i] = s.storyKey(story)
	}
	values, err := s.get(ctx, keys)
	if err != nil {
		return nil, err
	}
	told := make(map[string]string, len(stories))
	for i, story := range stories {
		told[story] = values[i]
	}
	return told, nil
}

// get returns the values of keys, "" for one that is not there or no string.
func (s *Store) get(ctx context.Context, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	values := make([]string, len(keys))
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.Get(ctx, key)
		}
		return nil
	})
	for i, reply := range replies {
		value, one := reply.(*redis.StringCmd).Result()
		if one != nil && !errors.Is(one, redis.Nil) && !redis.HasErrorPrefix(one, "WRONGTYPE") {
			return nil, one
		}
		values[i] = value
	}
	if len(replies) < len(keys) {
		return nil, err
	}
	return values, nil
}

func (s *Store) storyKey(id string) string  { return s.prefix + "story:" + id }
func (s *Store) bandKey(band string) string { return s.prefix + "shingles:" + band }
