package schedule

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// shards is over how many slots of a Redis Cluster the entries are spread. It is part of
// the stored format: another number looks for entries where they are not.
const shards = 16

// everyShard has the number of each shard.
var everyShard = func() []int {
	all := make([]int, shards)
	for shard := range all {
		all[shard] = shard
	}
	return all
}()

// maxTries bounds how often a write starts over because others wrote first.
const maxTries = 10

// Store keeps the schedule in Redis. It is safe for concurrent use, by any number of
// processes: each write is one script, made only if the entry's books still are what they
// were when it was read.
type Store struct {
	client redis.UniversalClient
	prefix string

	// Noting, if it is set, is called with each entry that is about to be added or replaced, as JSON. It is
	// not changed once the store is used.
	Noting func(ctx context.Context, entry string)
}

// NewStore returns a store whose keys carry prefix, which includes its colon.
func NewStore(client redis.UniversalClient, prefix string) *Store {
	return &Store{client: client, prefix: prefix}
}

// shardOf returns the shard an entry lives in.
func shardOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % shards)
}

// key returns a key of a shard. Its hash tag keeps the shard in one slot.
func (s *Store) key(shard int, name string) string {
	return s.prefix + "{schedule:" + strconv.Itoa(shard) + "}:" + name
}

// Keys returns a key of a name in each shard.
func (s *Store) Keys(name string) []string {
	keys := make([]string, shards)
	for shard := range keys {
		keys[shard] = s.key(shard, name)
	}
	return keys
}

func (s *Store) dueKey(shard int) string     { return s.key(shard, "due") }     // sorted set: id, by when it is looked at, in ms
func (s *Store) entriesKey(shard int) string { return s.key(shard, "entries") } // hash: id -> Entry as JSON
func (s *Store) booksKey(shard int) string   { return s.key(shard, "books") }   // hash: id -> Books as JSON
func (s *Store) configKey(shard int) string  { return s.key(shard, "config") }  // set: the ids of origin config
func (s *Store) ownersKey(shard int) string  { return s.key(shard, "owners") }  // sorted set: the index of owners

// read returns entries of a shard as stored, and Redis' time.
func (s *Store) read(ctx context.Context, shard int, ids ...string) ([]stored, time.Time, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	reply, err := readScript.Run(ctx, s.client, []string{s.entriesKey(shard), s.booksKey(shard)}, args...).StringSlice()
	if err != nil {
		return nil, time.Time{}, err
	}
	found := make([]stored, len(ids))
	for i, id := range ids {
		found[i] = stored{id: id, entry: reply[1+2*i], books: reply[2+2*i]}
	}
	now, err := fromMillis(reply[0])
	return found, now, err
}

// readOne returns an entry as stored, and Redis' time.
func (s *Store) readOne(ctx context.Context, id string) (stored, time.Time, error) {
	found, now, err := s.read(ctx, shardOf(id), id)
	if err != nil {
		return stored{}, time.Time{}, fmt.Errorf("read entry %s: %w", id, err)
	}
	return found[0], now, nil
}

// edit is one change of an entry.
type edit struct {
	read   stored    // what the change is based on
	entry  string    // the new entry, "" to keep it
	books  string    // the new books, "" to remove the entry
	due    time.Time // when it is looked at next, zero for never
	config bool      // a new entry is of origin config
	owner  string    // of a new entry
}

// rewrite returns the edit that gives an entry new books and a time to be looked at.
func (s stored) rewrite(b Books, due time.Time) edit {
	return edit{read: s, books: b.encode(), due: due}
}

// write makes edits of one shard and returns which of them came in time.
func (s *Store) write(ctx context.Context, shard int, edits ...edit) ([]bool, error) {
	if len(edits) == 0 {
		return nil, nil
	}
	keys := []string{s.dueKey(shard), s.entriesKey(shard), s.booksKey(shard), s.configKey(shard), s.ownersKey(shard)}
	args := make([]any, 0, 8*len(edits))
	for _, e := range edits {
		if e.entry != "" && s.Noting != nil {
			s.Noting(ctx, e.entry)
		}
		goes, comes := e.members()
		args = append(args, e.read.id, e.read.books, e.entry, e.books, toMillis(e.due), e.config, goes, comes)
	}
	return writeScript.Run(ctx, s.client, keys, args...).BoolSlice()
}

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("unchanged")

// update reads an entry, has change decide what becomes of it, and writes that unless
// somebody else wrote in between; then it starts over. It reports whether it wrote.
func (s *Store) update(ctx context.Context, id string, change func(old stored, now time.Time) (edit, error)) (bool, error) {
	for range maxTries {
		old, now, err := s.readOne(ctx, id)
		if err != nil {
			return false, err
		}
		e, err := change(old, now)
		if errors.Is(err, errUnchanged) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		made, err := s.write(ctx, shardOf(id), e)
		if err != nil {
			return false, fmt.Errorf("write entry %s: %w", id, err)
		}
		if made[0] {
			return true, nil
		}
	}
	return false, fmt.Errorf("entry %s: others changed it %d times meanwhile: try again", id, maxTries)
}

// toMillis spells a time for Redis, the zero time as "".
func toMillis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func fromMillis(text string) (time.Time, error) {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q from Redis: %w", text, err)
	}
	return time.UnixMilli(ms).UTC(), nil
}
