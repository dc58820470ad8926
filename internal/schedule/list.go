package schedule

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// DefaultPage is about how many entries a page of [Store.List] has if the filter sets
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
	// Page is about how many entries the page has; with an owner or a part of the ID, how
	// many to look at that have it. 0: [DefaultPage].
	Page int
}

func (f Filter) matches(r Record) bool {
	e := r.Entry
	return (f.Origin == "" || f.Origin == e.Origin) && (f.Owner == "" || f.Owner == e.Owner) &&
		(f.Kind == "" || f.Kind == e.Kind) && (f.State == "" || f.State == r.State()) && strings.Contains(e.ID, f.Match)
}

// page returns about how many entries a page has.
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
// asked for, every entry is looked at, up to [maxLooked] for a page.
//
// Without an owner, an entry that cannot be read is listed too, if its ID matches, with
// nothing but that ID and the reason as its last error; but not where the books alone tell what is
// asked for: paused, failing or over.
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
	for looked := 0; err == nil && shard < shards && looked < maxLooked && len(page) < f.page(); {
		var some []Record
		var n int
		if some, n, cursor, err = s.scan(ctx, shard, cursor, f); cursor == 0 {
			shard++
		}
		page, looked = append(page, some...), looked+n+1
	}
	if err != nil || shard == shards {
		return page, "", err
	}
	return page, fmt.Sprintf("%d.%d", shard, cursor), nil
}

// maxLooked bounds the entries that are looked at for a page.
const maxLooked = 10_000

// scan returns those of the next entries of a shard that match, how many were looked at, and where it
// goes on. Only those that may match are read whole: what is asked for is in their books, or in them.
func (s *Store) scan(ctx context.Context, shard int, cursor uint64, f Filter) (some []Record, looked int, next uint64, err error) {
	key, may := s.entriesKey(shard), f.mayBe
	if f.State == Failing || f.State == Paused || f.State == Over {
		key, may = s.booksKey(shard), f.mayHave
	}
	found, next, err := s.client.HScan(ctx, key, cursor, "", int64(f.page())).Result()
	if err != nil {
		return nil, 0, 0, fmt.Errorf("list entries: %w", err)
	}
	var ids []string
	for i := 0; i+1 < len(found); i += 2 {
		if may(found[i+1]) {
			ids = append(ids, found[i])
		}
	}
	if some, err = s.matching(ctx, shard, ids, f); err != nil {
		return nil, 0, 0, fmt.Errorf("list entries: %w", err)
	}
	return some, len(found) / 2, next, nil
}

// mayBe reports whether a stored entry may match. One that cannot be read may.
func (f Filter) mayBe(entry string) bool {
	if f.Kind == "" && f.Origin == "" {
		return true
	}
	var e struct{ Kind, Origin string }
	err := json.Unmarshal([]byte(entry), &e)
	return err != nil || (f.Kind == "" || f.Kind == e.Kind || e.Kind == "") && (f.Origin == "" || f.Origin == e.Origin || e.Kind == "")
}

// mayHave reports whether stored books may be those of an entry in the state that is asked for. Books that
// cannot be read may.
func (f Filter) mayHave(books string) bool {
	var b Books
	err := json.Unmarshal([]byte(books), &b)
	return err != nil || (Record{Entry{Kind: "any"}, b}).State() == f.State
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
