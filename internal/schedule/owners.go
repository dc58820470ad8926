package schedule

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The index of owners is a sorted set for each shard. It has one member for each entry, in
// the order of the bytes: the owner, a zero byte, the ID. Neither half has a zero byte. An
// entry without an owner is in it too, so that counting tells whether the index is whole.

// ownerMember returns an entry's member of the index.
func ownerMember(owner, id string) string { return owner + "\x00" + id }

// idOf returns the ID in a member.
func idOf(member string) string {
	_, id, _ := strings.Cut(member, "\x00")
	return id
}

// owner returns the owner under which s is in the index: "" if it has none or cannot be
// read.
func (s stored) owner() string {
	var e struct {
		ID    string `json:"id"`
		Owner string `json:"owner"`
	}
	if err := json.Unmarshal([]byte(s.entry), &e); err != nil || e.ID != s.id || !printable(e.Owner) {
		return ""
	}
	return e.Owner
}

// members returns the members of the index that go and come with an edit, "" for none.
func (e edit) members() (goes, comes string) {
	if e.entry != "" {
		comes = ownerMember(e.owner, e.read.id)
	}
	if e.read.entry != "" && (e.entry != "" || e.books == "") {
		goes = ownerMember(e.read.owner(), e.read.id)
	}
	if goes == comes {
		return "", comes
	}
	return goes, comes
}

// span is a range of members, as ZRANGEBYLEX takes it.
type span struct{ from, to string }

// membersOf returns up to limit members of the index within a span, for each of some shards
// in their order. Where the index does not know as many entries as there are, as a version
// before it leaves it, it is mended first.
func (s *Store) membersOf(ctx context.Context, in span, limit int, of ...int) ([][]string, error) {
	var members [][]string
	var broken []int
	err := s.loaded(ctx, indexedScript, func() (err error) { members, broken, err = s.askMembers(ctx, in, limit, of); return err })
	if err != nil || len(broken) == 0 {
		return members, err
	}
	for _, shard := range broken {
		if err := s.reindex(ctx, shard); err != nil {
			return nil, err
		}
	}
	members, _, err = s.askMembers(ctx, in, limit, of)
	return members, err
}

// askMembers is membersOf without the mending, in one round trip. It returns the shards
// whose index is broken, too.
func (s *Store) askMembers(ctx context.Context, in span, limit int, of []int) (members [][]string, broken []int, err error) {
	whole, found := make([]*redis.Cmd, len(of)), make([]*redis.StringSliceCmd, len(of))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, shard := range of {
			whole[i] = indexedScript.EvalSha(ctx, p, []string{s.entriesKey(shard), s.ownersKey(shard)})
			found[i] = p.ZRangeByLex(ctx, s.ownersKey(shard), &redis.ZRangeBy{Min: in.from, Max: in.to, Count: int64(limit)})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	members = make([][]string, len(of))
	for i := range of {
		if n, err := whole[i].Int(); err != nil {
			return nil, nil, err
		} else if n == 0 {
			broken = append(broken, of[i])
		}
		members[i] = found[i].Val()
	}
	return members, broken, nil
}
