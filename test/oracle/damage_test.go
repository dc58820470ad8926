package oracle

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// damage is one thing done to a queue: a key put to a wrong use, or a task broken.
type damage struct {
	name string
	part string // of the queue that it is done to
	// slow damage shows only to who looks after the queue once a minute.
	slow bool
	// wrong says that the key must not stay as it is.
	wrong bool
	// quiet damage does not name the key in the log: nobody has to understand a count.
	quiet bool
	// task says that it adds a broken task, whose ID is id and, unless that is empty, the round
	// in which it is done.
	task bool
	id   string
	// mayRun says that the task can be performed all the same.
	mayRun bool
	// own says that the part is a key of ours.
	own bool

	do func(ctx context.Context, client redis.UniversalClient, q, id string) error
}

// key is the key that the damage is done to.
func (d damage) key(q string) string {
	part := strings.ReplaceAll(d.part, "<day>", time.Now().UTC().Format(time.DateOnly))
	if d.own {
		return format.OwnKey(q, part)
	}
	return format.Key(q, part)
}

// in returns the damage as it is done in a round.
func (d damage) in(round int) damage {
	if d.id != "" {
		d.id += "-" + strconv.Itoa(round)
	}
	return d
}

// is returns the type that the damaged key should have.
func (d damage) is() string {
	for _, p := range parts {
		if p.part == d.part {
			return p.is
		}
	}
	return ""
}

// kinds are the types that a key can have, each with a command that makes one.
var kinds = map[string]func(ctx context.Context, p redis.Pipeliner, key string){
	"string": func(ctx context.Context, p redis.Pipeliner, key string) { p.Set(ctx, key, "what is this?", 0) },
	"list":   func(ctx context.Context, p redis.Pipeliner, key string) { p.RPush(ctx, key, "what", "is", "this?") },
	"set":    func(ctx context.Context, p redis.Pipeliner, key string) { p.SAdd(ctx, key, "what", "is", "this?") },
	"hash":   func(ctx context.Context, p redis.Pipeliner, key string) { p.HSet(ctx, key, "what", "is this?") },
	"stream": func(ctx context.Context, p redis.Pipeliner, key string) {
		p.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"what", "is this?"}})
	},
	"zset": func(ctx context.Context, p redis.Pipeliner, key string) {
		p.ZAdd(ctx, key, redis.Z{Score: 1, Member: "what is this?"})
	},
}

// become makes a key one of a type.
func become(ctx context.Context, client redis.UniversalClient, key, is string) error {
	_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, key)
		kinds[is](ctx, p, key)
		return nil
	})
	return err
}

// parts are the keys of a queue with the types that they have. Those that a worker touches
// at once, in the course of its work, are found at once.
var parts = []struct {
	part, is  string
	own, slow bool
}{
	{part: "pending", is: "list"}, {part: "active", is: "list"}, {part: "lease", is: "zset"},
	{part: "scheduled", is: "zset"}, {part: "retry", is: "zset"}, {part: "completed", is: "zset"},
	{part: "processed", is: "string"}, {part: "processed:<day>", is: "string"},
	{part: "wake", is: "list", own: true},
	{part: "archived", is: "zset", slow: true}, {part: "groups", is: "set", slow: true}, {part: "g:user:ada", is: "zset", slow: true},
	{part: "failed", is: "string", slow: true}, {part: "failed:<day>", is: "string", slow: true},
	{part: "turns:ada", is: "set", slow: true, own: true},
}

// wrongKeys are all keys of a queue, each in each type that it must not have, and counts that
// are none.
func wrongKeys() (all []damage) {
	for _, p := range parts {
		for _, is := range []string{"string", "list", "set", "zset", "hash", "stream"} {
			d := damage{name: p.part + " is a " + is, part: p.part, own: p.own, slow: p.slow, wrong: true}
			if is == p.is {
				continue
			}
			d.do = func(ctx context.Context, client redis.UniversalClient, q, _ string) error {
				if group, is := strings.CutPrefix(p.part, "g:"); is { // asynq only knows the groups that are listed
					if err := client.SAdd(ctx, format.Key(q, "groups"), group).Err(); err != nil {
						return err
					}
				}
				return become(ctx, client, d.key(q), is)
			}
			all = append(all, d)
		}
		if p.is != "string" {
			continue
		}
		for _, value := range []string{"", "abc", "1.5", "9223372036854775808", "-9223372036854775808", strings.Repeat("9", 1<<16)} {
			d := damage{name: fmt.Sprintf("%s is %.30q", p.part, value), part: p.part, slow: p.slow, wrong: true, quiet: true}
			d.do = func(ctx context.Context, client redis.UniversalClient, q, _ string) error {
				return client.Set(ctx, d.key(q), value, 0).Err()
			}
			all = append(all, d)
		}
	}
	return all
}

// strays are members that are no tasks: IDs without data, some of which no client would give.
func strays() (all []damage) {
	ids := map[string]string{
		"an ID": "stray", "an empty ID": "", "an ID with a space": "stray one", "an ID with a line": "stray\none",
		"a long ID": "stray" + strings.Repeat("x", 5000), "an ID that is not UTF-8": "stray\xff\xfe", "an ID in braces": "stray{x}",
	}
	for what, id := range ids {
		for _, place := range places {
			all = append(all, damage{
				name: what + " without data in " + place.name, part: place.part, slow: place.slow, task: true, id: id,
				do: place.put,
			})
		}
	}
	return all
}
