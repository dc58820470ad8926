package briefings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// indexKey is the index of a user's briefings by time, and with "" that of all.
func (s *Store) indexKey(user string) string {
	if user == "" {
		return s.prefix + "briefings"
	}
	return s.prefix + "briefings:of:" + tasks.UserKey(user)
}

// Put stores a briefing for as long as briefings are kept. One already stored under its ID stays.
func (s *Store) Put(ctx context.Context, b Briefing) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode briefing %s: %w", b.ID, err)
	}
	member := redis.Z{Score: float64(b.Created.Unix()), Member: b.ID}
	over := strconv.FormatInt(b.Created.Add(-s.keep.For).Unix(), 10)
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, s.briefingKey(b.ID), "briefing", raw)
		p.Expire(ctx, s.briefingKey(b.ID), s.keep.For)
		for _, index := range []string{s.indexKey(""), s.indexKey(b.User)} {
			p.ZAdd(ctx, index, member)
			p.ZRemRangeByScore(ctx, index, "-inf", over)
			p.Expire(ctx, index, s.keep.For)
		}
		return nil
	})
	if err == nil {
		err = s.trim(ctx, b.User)
	}
	if err != nil {
		return fmt.Errorf("store briefing %s: %w", b.ID, err)
	}
	return nil
}

// trim drops a user's oldest briefings beyond those that are kept.
func (s *Store) trim(ctx context.Context, user string) error {
	over, err := s.client.ZRange(ctx, s.indexKey(user), 0, int64(-s.keep.PerUser-1)).Result()
	if err != nil || len(over) == 0 {
		return err
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range over {
			p.Del(ctx, s.briefingKey(id))
			p.ZRem(ctx, s.indexKey(user), id)
			p.ZRem(ctx, s.indexKey(""), id)
		}
		return nil
	})
	return err
}

// Get returns a briefing and true, or false if there is none.
func (s *Store) Get(ctx context.Context, id string) (Briefing, bool, error) {
	var b Briefing
	raw, err := s.client.HGet(ctx, s.briefingKey(id), "briefing").Bytes()
	if errors.Is(err, redis.Nil) {
		return b, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	if err != nil {
		return b, false, fmt.Errorf("read briefing %s: %w", id, err)
	}
	return b, true, nil
}

// Query asks for a page of the archive: the newest briefings before a time, or the oldest after one.
type Query struct {
	User   string // "": all
	Before time.Time
	After  time.Time
	Limit  int
}

// Page is a part of the archive, newest first, and whether there is more on either side.
type Page struct {
	Briefings    []Briefing
	Newer, Older bool
}

// List returns a page of the archive. One briefing that cannot be read is left out, and stops no others.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	by := redis.ZRangeArgs{Key: s.indexKey(q.User), ByScore: true, Rev: true, Start: "+inf", Stop: "-inf", Count: int64(q.Limit) + 1}
	switch {
	case !q.After.IsZero():
		by.Rev, by.Start, by.Stop = false, "("+strconv.FormatInt(q.After.Unix(), 10), "+inf"
	case !q.Before.IsZero():
		by.Start = "(" + strconv.FormatInt(q.Before.Unix(), 10)
	}
	ids, err := s.client.ZRangeArgs(ctx, by).Result()
	if err != nil {
		return Page{}, fmt.Errorf("list briefings: %w", err)
	}
	more := len(ids) > q.Limit
	ids = ids[:min(len(ids), q.Limit)]
	page := Page{Newer: !q.Before.IsZero(), Older: more}
	if !q.After.IsZero() {
		slices.Reverse(ids)
		page.Newer, page.Older = more, true
	}
	page.Briefings, err = s.read(ctx, ids)
	return page, err
}

// ErrCursor is the error of a cursor that is none.
var ErrCursor = errors.New("the cursor is none: give what the page before says comes next, or none for the first page")

// Newest returns up to limit briefings of a user, or of all with "", the newest first, from the cursor of
// a page on, and the cursor of the next page, "" if there is none. Briefings of the same second are
// told once each, wherever the page ends. The error is [ErrCursor], or Redis's.
func (s *Store) Newest(ctx context.Context, user, cursor string, limit int) ([]Briefing, string, error) {
	by := redis.ZRangeArgs{Key: s.indexKey(user), ByScore: true, Rev: true, Start: "+inf", Stop: "-inf", Count: int64(limit) + 1}
	var second, told int64 // how many briefings of a second were told
	if cursor != "" {
		if n, err := fmt.Sscanf(cursor, "%d.%d", &second, &told); n != 2 || err != nil || told < 1 {
			return nil, "", ErrCursor
		}
		by.Start, by.Offset = second, told
	}
	found, err := s.client.ZRangeArgsWithScores(ctx, by).Result()
	if err != nil {
		return nil, "", fmt.Errorf("list briefings: %w", err)
	}
	ids, next := make([]string, 0, limit), ""
	for _, z := range found[:min(len(found), limit)] {
		if at := int64(z.Score); at != second {
			second, told = at, 0
		}
		told++
		ids = append(ids, fmt.Sprint(z.Member))
	}
	if len(found) > limit {
		next = fmt.Sprintf("%d.%d", second, told)
	}
	list, err := s.read(ctx, ids)
	return list, next, err
}

// read returns those of some briefings that are there and can be read.
func (s *Store) read(ctx context.Context, ids []string) ([]Briefing, error) {
	found := make([]*redis.StringCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			found[i] = p.HGet(ctx, s.briefingKey(id), "briefing")
		}
		return nil
	})
	if _, answered := errors.AsType[redis.Error](err); err != nil && !answered {
		return nil, fmt.Errorf("list briefings: %w", err)
	}
	list := make([]Briefing, 0, len(ids))
	for _, one := range found {
		var b Briefing
		if raw, err := one.Bytes(); err == nil && json.Unmarshal(raw, &b) == nil {
			list = append(list, b)
		}
	}
	return list, nil
}
