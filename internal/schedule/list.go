package schedule

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// DefaultPage is about how many entries a page of [Store.List] looks at if the filter sets
// no number; MaxPage is the largest it may set.
const (
	DefaultPage = 200
	MaxPage     = MaxBatch
)

// Filter says which entries to list. An empty field matches any.
type Filter struct {
	Origin, Owner, Kind string
	State               State
	Match               string // a part of the ID
	// Late is whether to list only entries that are due for longer than [LateAfter] and that no
	// scheduler has taken.
	Late bool
	// Page is about how many entries to look at; with an owner or a part of the ID, how
	// many that have it. 0: [DefaultPage].
	Page int
}

func (f Filter) matches(r Record) bool {
	e := r.Entry
	return (f.Origin == "" || f.Origin == e.Origin) && (f.Owner == "" || f.Owner == e.Owner) &&
		(f.Kind == "" || f.Kind == e.Kind) && (f.State == "" || f.State == r.State()) && strings.Contains(e.ID, f.Match)
}

// page returns how many entries a page looks at.
func (f Filter) page() int { return min(cmp.Or(f.Page, DefaultPage), MaxPage) }

// Get returns an entry with its books, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (Record, error) {
	old, _, err := s.readOne(ctx, id)
	if err != nil {
		return Record{}, err
	}
	return old.record()
}

// List returns a page of the entries that match, and where the next page starts, "" after
// the last. The first page starts at "". A page may be empty and yet not the last. An
// entry that is there throughout is listed at least once. With an owner they come in the
// order of their IDs, otherwise in none.
//
// Entries of an owner, and those whose ID matches, are found in an index. Whatever else is
// asked for, every entry is looked at.
//
// Without an owner, an entry that cannot be read is listed too, if its ID matches, with
// nothing but that ID and the reason as its last error.
func (s *Store) List(ctx context.Context, f Filter, start string) (page []Record, next string, err error) {
	switch {
	case f.Late:
		return s.listLate(ctx, f, start)
	case f.Owner != "":
		return s.listOwned(ctx, f, start)
	case f.Match != "":
		return s.listMatching(ctx, f, start)
	}
	shard, cursor, err := parseCursor(start)
	if err != nil {
		return nil, "", err
	}
	for { // a small schedule is spread over all shards, and is one page nevertheless
		var found []string
		found, cursor, err = s.client.HScan(ctx, s.entriesKey(shard), cursor, "", int64(f.page())).Result()
		if err != nil {
			return nil, "", fmt.Errorf("list entries: %w", err)
		}
		var ids []string
		for i := 0; i < len(found); i += 2 {
			ids = append(ids, found[i])
		}
		some, err := s.matching(ctx, shard, ids, f)
		if err != nil {
			return nil, "", fmt.Errorf("list entries: %w", err)
		}
		page = append(page, some...)
		if cursor == 0 {
			shard++
		}
		switch {
		case shard == shards:
			return page, "", nil
		case cursor != 0 || len(page) >= f.page():
			return page, fmt.Sprintf("%d.%d", shard, cursor), nil
		}
	}
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
		return 0, 0, noSuchPage(start)
	}
	return shard, cursor, nil
}

func noSuchPage(start string) error {
	return fmt.Errorf("page %.40q does not exist: start at the first page, and go on where each page says", start)
}

// matching returns those of some entries of a shard that match. It includes those that
// cannot be read, unless an owner is asked for.
func (s *Store) matching(ctx context.Context, shard int, ids []string, f Filter) ([]Record, error) {
	all, err := s.records(ctx, shard, ids)
	if err != nil {
		return nil, err
	}
	var some []Record
	for _, r := range all {
		if f.matches(r) || f.Owner == "" && r.State() == Unreadable {
			some = append(some, r)
		}
	}
	return some, nil
}

// records returns entries of one shard, those that are gone left out.
func (s *Store) records(ctx context.Context, shard int, ids []string) ([]Record, error) {
	var all []Record
	for first := 0; first < len(ids); first += MaxBatch {
		found, _, err := s.read(ctx, shard, ids[first:min(first+MaxBatch, len(ids))]...)
		if err != nil {
			return nil, err
		}
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
	}
	return all, nil
}
