package schedule

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// DefaultPage and MaxPage are about how many entries a page of [Store.List] looks at
// unless the filter says otherwise, and at most.
const (
	DefaultPage = 200
	MaxPage     = MaxBatch
)

// Filter says which entries to list. An empty field matches any.
type Filter struct {
	Origin, Owner, Kind string
	State               State
	Match               string // a part of the ID
	Page                int    // about how many entries to look at; 0: [DefaultPage]
}

func (f Filter) matches(r Record) bool {
	e := r.Entry
	return (f.Origin == "" || f.Origin == e.Origin) && (f.Owner == "" || f.Owner == e.Owner) &&
		(f.Kind == "" || f.Kind == e.Kind) && (f.State == "" || f.State == r.State()) && strings.Contains(e.ID, f.Match)
}

// Get returns an entry with its books, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (Record, error) {
	old, _, err := s.readOne(ctx, id)
	if err != nil {
		return Record{}, err
	}
	return old.record()
}

// List returns a page of the entries that match, in no order, and where the next page
// starts, "" after the last. The first page starts at "". A page may be empty and yet
// not the last. An entry that is there throughout is listed at least once. One that
// cannot be read is listed too, matching or not, with nothing but its ID and the reason
// as its last error.
func (s *Store) List(ctx context.Context, f Filter, start string) (page []Record, next string, err error) {
	shard, cursor, err := parseCursor(start)
	if err != nil {
		return nil, "", err
	}
	found, cursor, err := s.client.HScan(ctx, s.entriesKey(shard), cursor, "", int64(min(cmp.Or(f.Page, DefaultPage), MaxPage))).Result()
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	var ids []string
	for i := 0; i < len(found); i += 2 {
		ids = append(ids, found[i])
	}
	all, err := s.records(ctx, shard, ids)
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	for _, r := range all {
		if r.State() == Unreadable || f.matches(r) {
			page = append(page, r)
		}
	}
	if cursor == 0 {
		shard++
	}
	if shard == shards {
		return page, "", nil
	}
	return page, fmt.Sprintf("%d.%d", shard, cursor), nil
}

// parseCursor reads where a page starts: a shard and Redis' cursor within it.
func parseCursor(start string) (shard int, cursor uint64, err error) {
	if start == "" {
		return 0, 0, nil
	}
	first, second, _ := strings.Cut(start, ".")
	shard, err = strconv.Atoi(first)
	if err == nil {
		cursor, err = strconv.ParseUint(second, 10, 64)
	}
	if err != nil || shard < 0 || shard >= shards {
		return 0, 0, fmt.Errorf("page %.40q does not exist: start at the first page, and go on where each page says", start)
	}
	return shard, cursor, nil
}

// records returns entries of one shard, those that are gone left out.
func (s *Store) records(ctx context.Context, shard int, ids []string) ([]Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, _, err := s.read(ctx, shard, ids...)
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, one := range found {
		if one.entry == "" {
			continue
		}
		r, err := one.record()
		if err != nil {
			r = unreadable(one.id, err)
		}
		all = append(all, r)
	}
	return all, nil
}
