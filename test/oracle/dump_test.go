package oracle

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// leaf is one value in Redis: an element of a list, the score of a member, a field of a
// hash or of a message.
type leaf struct {
	text string
	// A time is known by how long it is after the transition. That took a while itself, so
	// there is a least and a most, in seconds.
	isTime      bool
	least, most float64
}

func (l leaf) String() string {
	if l.isTime {
		return fmt.Sprintf("T%+.0f", l.most)
	}
	return strconv.Quote(l.text)
}

func (l leaf) equal(o leaf) bool {
	if l.isTime && o.isTime {
		return l.least <= o.most && o.least <= l.most
	}
	return l.isTime == o.isTime && l.text == o.text
}

// dump is all that is in Redis: by path, which is a key and what is in it.
type dump map[string]leaf

// dumper reads all of Redis.
type dumper struct {
	client redis.UniversalClient
	began  time.Time
	names  map[string]string // of IDs that are different each time
}

// worlds are the servers' own pages, which are compared by what the inspector says.
var worlds = regexp.MustCompile(`^asynq:(servers|workers)`)

var day = regexp.MustCompile(`\d{4}-\d\d-\d\d$`)

func (d *dumper) read(t *testing.T) dump {
	t.Helper()
	var mu sync.Mutex
	all := make(dump)
	err := cache.EachMaster(t.Context(), d.client, func(ctx context.Context, master redis.UniversalClient) error {
		keys, err := master.Keys(ctx, "*").Result()
		for _, key := range keys {
			if worlds.MatchString(key) || err != nil {
				continue
			}
			var leaves dump
			if leaves, err = d.key(ctx, master, key); err == nil {
				mu.Lock()
				maps.Copy(all, leaves)
				mu.Unlock()
			}
		}
		return err
	})
	if err != nil {
		t.Fatalf("read all of Redis: %v", err)
	}
	return all
}

// key returns what is under a key: its type, when it expires, and its values.
func (d *dumper) key(ctx context.Context, client redis.UniversalClient, key string) (dump, error) {
	name := d.name(day.ReplaceAllString(key, "<day>"))
	is, err := client.Type(ctx, key).Result()
	if err != nil {
		return nil, err
	}
	if is == "none" { // it has expired since
		return nil, nil
	}
	leaves := dump{name: {text: is}}
	put := func(where, value string) { leaves[name+" "+d.name(where)] = d.leaf(value) }
	ttl, err := client.PTTL(ctx, key).Result()
	if ttl > 0 {
		leaves[name+" expires"] = d.at(float64(time.Now().Add(ttl).UnixMilli()) / 1000)
	}
	if err != nil {
		return nil, err
	}
	switch is {
	case "string":
		value, getErr := client.Get(ctx, key).Result()
		put("=", value)
		err = getErr
	case "list":
		values, listErr := client.LRange(ctx, key, 0, -1).Result()
		for i, value := range values {
			put(fmt.Sprintf("[%d]", i), value)
		}
		err = listErr
	case "set":
		values, setErr := client.SMembers(ctx, key).Result()
		for _, value := range values {
			put("{"+value+"}", "")
		}
		err = setErr
	case "zset":
		values, setErr := client.ZRangeWithScores(ctx, key, 0, -1).Result()
		for _, z := range values {
			put("{"+fmt.Sprint(z.Member)+"}", strconv.FormatFloat(z.Score, 'f', -1, 64))
		}
		err = setErr
	case "hash":
		values, hashErr := client.HGetAll(ctx, key).Result()
		for field, value := range values {
			if field == "msg" {
				message(value, func(part, text string) { put("msg."+part, text) })
				continue
			}
			put("."+field, value)
		}
		err = hashErr
	default:
		return nil, fmt.Errorf("%s is a %s: asynq has none", key, is)
	}
	return leaves, err
}

// name puts a name for each ID that is different each time.
func (d *dumper) name(text string) string {
	for id, name := range d.names {
		text = strings.ReplaceAll(text, id, name)
	}
	return text
}

// years is how far a number may be from now to be taken for a time.
const years = 11 * 365 * 24 * time.Hour

// leaf reads a value, which is a time if it is a number near now, of seconds or nanoseconds.
func (d *dumper) leaf(value string) leaf {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return leaf{text: d.name(value)}
	}
	if len(value) == 19 {
		number /= 1e9
	}
	if since := number - float64(d.began.Unix()); since < -years.Seconds() || since > years.Seconds() {
		return leaf{text: value}
	}
	return d.at(number)
}

// at returns a time given as Unix time. One second is what cutting to seconds makes of it.
func (d *dumper) at(seconds float64) leaf {
	began, now := float64(d.began.UnixMilli())/1000, float64(time.Now().UnixMilli())/1000
	return leaf{isTime: true, least: seconds - now - 1, most: seconds - began + 1}
}
