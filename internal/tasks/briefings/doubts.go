package briefings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// MaxDoubts bounds the list of deliveries that wait for a person. The oldest leave it first; their
// briefings still show them.
const MaxDoubts = 1000

// Doubt is a delivery that waits for a person.
type Doubt struct {
	Briefing string `json:"briefing"`
	User     string `json:"user,omitempty"` // for whom it is
	LedgerEntry
}

func (s *Store) doubtsKey() string { return s.prefix + "briefings:doubtful" }

// noteDoubt puts a delivery on the list of those that wait for a person.
func (s *Store) noteDoubt(ctx context.Context, id, channel string, now time.Time) error {
	err := s.client.ZAdd(ctx, s.doubtsKey(), redis.Z{Score: float64(now.Unix()), Member: channel + " " + id}).Err()
	if err == nil {
		err = s.forgetDoubts(ctx)
	}
	if err != nil {
		return fmt.Errorf("note that the delivery of %s by %s waits for a person: %w", id, channel, err)
	}
	return nil
}

// forgetDoubts takes the oldest deliveries off a list that is too long.
func (s *Store) forgetDoubts(ctx context.Context) error {
	over, err := s.client.ZRange(ctx, s.doubtsKey(), 0, -MaxDoubts-1).Result()
	if err != nil || len(over) == 0 {
		return err
	}
	return s.client.ZRem(ctx, s.doubtsKey(), over).Err()
}

// Doubts returns up to most deliveries that wait for a person, the latest first, and takes those off
// the list that do not any more. With a user they are those of that user.
func (s *Store) Doubts(ctx context.Context, user string, most int) ([]Doubt, error) {
	members, err := s.client.ZRevRange(ctx, s.doubtsKey(), 0, MaxDoubts-1).Result()
	if err != nil {
		return nil, fmt.Errorf("deliveries that wait for a person: %w", err)
	}
	var all []Doubt
	for _, member := range members {
		if len(all) == most {
			break
		}
		channel, id, _ := strings.Cut(member, " ")
		doubt, err := s.doubt(ctx, id, channel)
		if err != nil {
			return nil, err
		}
		if doubt.State == Doubtful {
			if user == "" || user == doubt.User {
				all = append(all, doubt)
			}
			continue
		}
		if err := s.client.ZRem(ctx, s.doubtsKey(), member).Err(); err != nil {
			return nil, fmt.Errorf("deliveries that wait for a person: %w", err)
		}
	}
	return all, nil
}

// InDoubt returns how many deliveries wait for a person, at most a thousand. It takes two round trips,
// and leaves the list as it is.
func (s *Store) InDoubt(ctx context.Context) (int, error) {
	members, err := s.client.ZRevRange(ctx, s.doubtsKey(), 0, MaxDoubts-1).Result()
	if err != nil || len(members) == 0 {
		return 0, aboutDoubts(err)
	}
	entries := make([]*redis.StringCmd, len(members))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, member := range members {
			channel, id, _ := strings.Cut(member, " ")
			entries[i] = p.HGet(ctx, s.briefingKey(id), deliveryField+channel)
		}
		return nil
	})
	count := 0
	for i, entry := range entries {
		err := entry.Err()
		if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "WRONGTYPE") {
			return 0, aboutDoubts(err)
		}
		channel, _, _ := strings.Cut(members[i], " ")
		if readEntry(channel, entry.Val()).State == Doubtful {
			count++
		}
	}
	return count, nil
}

// aboutDoubts says of an error what it kept from being known.
func aboutDoubts(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("deliveries that wait for a person: %w", err)
}

// doubt returns what is known of one delivery; without anything it has no state.
func (s *Store) doubt(ctx context.Context, id, channel string) (Doubt, error) {
	is, err := s.client.HMGet(ctx, s.briefingKey(id), "briefing", deliveryField+channel).Result()
	if err != nil {
		return Doubt{}, fmt.Errorf("delivery of %s by %s: %w", id, channel, err)
	}
	var b struct {
		User string `json:"user"`
	}
	text, _ := is[0].(string)
	_ = json.Unmarshal([]byte(text), &b) // a briefing that cannot be read is nobody's
	raw, _ := is[1].(string)
	return Doubt{Briefing: id, User: b.User, LedgerEntry: readEntry(channel, raw)}, nil
}
