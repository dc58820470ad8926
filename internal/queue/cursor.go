package queue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// cursor says where a listing goes on. The letters are short, since people copy them.
type cursor struct {
	Sum   uint32 `json:"f"` // over what is listed: a cursor belongs to its filter
	Place *place `json:"p,omitempty"`
	Label *trail `json:"l,omitempty"`
}

// sumOf returns a sum over a filter, but for its times: "the last two hours" begin later on each page.
func sumOf(f tasks.Filter) uint32 {
	f.Since, f.From, f.To = time.Time{}, time.Time{}, time.Time{}
	text, _ := json.Marshal(f) // texts always have a text
	return crc32.ChecksumIEEE(text)
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // strings and numbers always have a text
	return base64.RawURLEncoding.EncodeToString(text)
}

// readCursor reads what [cursor.String] has written.
func readCursor(text string, f tasks.Filter) (c cursor, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	switch {
	case err != nil, (c.Place == nil) == (c.Label == nil),
		c.Place != nil && !slices.Contains(wordsOf(nil), c.Place.Word):
		return cursor{}, fmt.Errorf("after %.40q: give what the page before says comes next", text)
	case c.Sum != sumOf(f):
		return cursor{}, fmt.Errorf("after %.40q: it belongs to another filter: give it with the filter of the page before", text)
	}
	return c, nil
}

// mark is the last of a list or sorted set that was passed. Whoever is behind it stays behind it,
// whatever comes and goes before.
type mark struct {
	ID     string `json:"i,omitempty"`
	Before string `json:"b,omitempty"` // in a list, the one before
	Score  score  `json:"s,omitempty"` // in a sorted set
}

// setChunk is how much of a sorted set is read together at least: tasks that came to their state
// in the same second have one score.
const setChunk = 500

// setAfter returns up to n of a sorted set that follow a mark, from its beginning or its end on.
func (c *Client) setAfter(ctx context.Context, key string, m mark, backwards bool, n int) ([]mark, error) {
	span := redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: int64(n)}
	read := c.redis.ZRangeByScoreWithScores
	if backwards {
		read = c.redis.ZRevRangeByScoreWithScores
	}
	if m.ID != "" {
		span.Count = int64(max(n+1, setChunk))
		if backwards {
			span.Max = m.Score.String()
		} else {
			span.Min = m.Score.String()
		}
	}
	var marks []mark
	for {
		found, err := read(ctx, key, &span).Result()
		if err != nil {
			return nil, err
		}
		for _, z := range found {
			if next := (mark{ID: z.Member.(string), Score: score(z.Score)}); m.ID == "" || next.follows(m, backwards) {
				marks = append(marks, next)
			}
		}
		if len(marks) >= n || int64(len(found)) < span.Count {
			return marks[:min(n, len(marks))], nil
		}
		span.Offset += span.Count
	}
}

// follows reports whether m stands behind another mark of its set.
func (m mark) follows(other mark, backwards bool) bool {
	if backwards {
		m, other = other, m
	}
	return m.Score > other.Score || m.Score == other.Score && m.ID > other.ID
}

// score is that of a member of a sorted set. Others may have written an infinite one, which JSON has
// no number for.
type score float64

// String writes a score as Redis reads it.
func (s score) String() string {
	switch {
	case math.IsInf(float64(s), 1):
		return "+inf"
	case math.IsInf(float64(s), -1):
		return "-inf"
	}
	return strconv.FormatFloat(float64(s), 'f', -1, 64)
}

// MarshalText implements [encoding.TextMarshaler].
func (s score) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *score) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err == nil && math.IsNaN(n) {
		err = strconv.ErrSyntax
	}
	*s = score(n)
	return err
}
