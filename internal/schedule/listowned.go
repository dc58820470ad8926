package schedule

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// listOwned is [Store.List] for the entries of one owner. The next page starts after an ID.
func (s *Store) listOwned(ctx context.Context, f Filter, start string) ([]Record, string, error) {
	after, marked := strings.CutPrefix(start, "@")
	if start != "" && (!marked || CheckID(after) != nil) {
		return nil, "", noSuchPage(start)
	}
	ids, err := s.owned(ctx, f.Owner, after, f.page())
	if err != nil {
		return nil, "", fmt.Errorf("list entries of owner %s: %w", f.Owner, err)
	}
	var page []Record
	for shard, some := range byShard(ids) {
		all, err := s.matching(ctx, shard, some, f)
		if err != nil {
			return nil, "", fmt.Errorf("list entries of owner %s: %w", f.Owner, err)
		}
		page = append(page, all...)
	}
	slices.SortFunc(page, func(a, b Record) int { return cmp.Compare(a.Entry.ID, b.Entry.ID) })
	if len(ids) < f.page() {
		return page, "", nil
	}
	return page, "@" + ids[len(ids)-1], nil
}

// owned returns the IDs of up to limit entries of an owner that come after an ID, "" to
// begin with, in order.
func (s *Store) owned(ctx context.Context, owner, after string, limit int) ([]string, error) {
	all, err := s.membersOf(ctx, span{"(" + ownerMember(owner, after), "(" + owner + "\x01"}, limit, everyShard...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, members := range all {
		for _, member := range members {
			ids = append(ids, idOf(member))
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// byShard sorts IDs by the shard they live in.
func byShard(ids []string) map[int][]string {
	sorted := make(map[int][]string)
	for _, id := range ids {
		sorted[shardOf(id)] = append(sorted[shardOf(id)], id)
	}
	return sorted
}
