package documents

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// storyOf returns the story that a document tells: the ID of the first document that told it, which
// may be its own. Of two that begin one at the same time the one stands that has the first band they
// share. Both see the same, because a band is taken once.
func (s *Store) storyOf(ctx context.Context, id string, own signature) (string, error) {
	story, err := s.toldBefore(ctx, id, own)
	if err != nil || story != "" {
		return story, err
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, s.storyKey(id), own.String(), s.ttl)
		for i := range bands {
			p.SetNX(ctx, s.bandKey(own.band(i)), id, s.ttl)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("begin a story: %w", err)
	}
	if story, err = s.toldBefore(ctx, id, own); story == "" {
		story = id
	}
	return story, err
}

// toldBefore returns the story most like a document's own among those that have taken the first band
// they share with it, "" if none tells the same. It is remembered for another TTL.
func (s *Store) toldBefore(ctx context.Context, id string, own signature) (string, error) {
	owners, err := s.get(ctx, bands, func(i int) string { return s.bandKey(own.band(i)) })
	if err != nil {
		return "", fmt.Errorf("look for a story: %w", err)
	}
	signatures, err := s.get(ctx, len(owners), func(i int) string { return s.storyKey(owners[i]) })
	if err != nil {
		return "", fmt.Errorf("look for a story: %w", err)
	}
	best, story := sameStory-1, ""
	for i, owner := range owners {
		if n := alike(own.String(), signatures[i]); owner != "" && owner != id && n > best && firstShared(own.String(), signatures[i]) == i {
			best, story = n, owner
		}
	}
	if story == "" {
		return "", nil
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.PExpire(ctx, s.storyKey(story), s.ttl)
		for i, owner := range owners {
			if owner == story {
				p.PExpire(ctx, s.bandKey(own.band(i)), s.ttl)
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("keep story %s: %w", story, err)
	}
	return story, nil
}

// get returns the values of n keys, "" for one that is not there or no string.
func (s *Store) get(ctx context.Context, n int, key func(i int) string) ([]string, error) {
	values := make([]string, n)
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range n {
			p.Get(ctx, key(i))
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
	if len(replies) < n {
		return nil, err
	}
	return values, nil
}

func (s *Store) storyKey(id string) string  { return s.prefix + "story:" + id }
func (s *Store) bandKey(band string) string { return s.prefix + "shingles:" + band }
