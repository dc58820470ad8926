package series

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// Kept is how long the figures of an hour stay in Redis after its beginning: two days can always be
// read.
const Kept = 49 * time.Hour

// Store reads and writes figures. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
}

// NewStore returns a store whose keys carry prefix, which includes its colon.
func NewStore(client redis.UniversalClient, prefix string) *Store { return &Store{client, prefix} }

// base is what the keys of a queue begin with. All of them are in one slot of a Cluster, which need
// not be that of the queue: no script touches both.
func (s *Store) base(queue string) string { return s.prefix + "{series:" + queue + "}:" }

// key is the hash of an hour, named by the Unix time of its beginning. A field is a minute, 0 to 59;
// one with an s before it is that minute's sample.
func (s *Store) key(queue string, hour int64) string {
	return s.base(queue) + strconv.FormatInt(hour*3600, 10)
}

const (
	// maxQueues bounds the queues of which there are figures: anybody may invent some.
	maxQueues = 100
	// maxName bounds their names, in bytes.
	maxName = 100
)

// Queues returns the queues of which there are figures: those of the configuration, then others that
// are in Redis, at most a hundred in all. Names that are none are left out.
func Queues(configured, known []string) []string {
	all := slices.Compact(slices.Sorted(slices.Values(configured)))
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	for _, name := range known {
		if len(all) >= maxQueues {
			break
		}
		if isName(name) && !slices.Contains(configured, name) {
			all = append(all, name)
		}
	}
	return all
}

func isName(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}
