// Package events keeps what happens to the work of a user: one ordered, numbered and bounded
// stream for each, that can be read from any number on, and followed. Each event is also
// published on the channel agent:status:<user_id>, as the same JSON.
//
// Whatever changes something in the slot of a user's keys can tell it in the same step: its
// script has [Lua] before it. Everything else uses [Log.Tell].
package events

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

// Lua is what a script needs to tell an event; see tell.lua.
//
//go:embed tell.lua
var Lua string

//go:embed one.lua
var oneLua string

var oneScript = redis.NewScript(Lua + oneLua)

// Kept is about how many of a user's latest events can be read, for a week after the last.
const Kept = 256

// Log is the events of all users of a deployment. It is safe for concurrent use.
type Log struct {
	client     redis.UniversalClient
	prefix     string
	deployment string
	ears       *cache.Switchboard // of all followers
}

// NewLog returns a log whose keys carry prefix, which includes its colon, and whose events
// name the deployment.
func NewLog(client redis.UniversalClient, prefix, deployment string) *Log {
	return &Log{client, prefix, deployment, cache.NewSwitchboard(client)}
}

// Deployment is the name that the events carry.
func (l *Log) Deployment() string { return l.deployment }

// Keys are the keys of a user's events for a script: the hash that has the number of the
// latest, which is the hash of the user's brake, and the stream.
func (l *Log) Keys(user string) (counter, stream string) {
	tag := l.prefix + "{user:" + tasks.UserKey(user) + "}:"
	return tag + "brake", tag + "events"
}

// Event is one event.
type Event struct {
	Seq  int64  // its number among the user's, from 1, without gaps
	JSON string // as published
}

// Tell adds an event of a kind to a user's stream. fields is a JSON object; version, type,
// user, seq, at and deployment are added to it.
func (l *Log) Tell(ctx context.Context, user, kind string, fields []byte) error {
	if err := tasks.CheckUser(user); err != nil {
		return err
	}
	inner := strings.TrimSpace(string(fields))
	inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "{"), "}"))
	counter, stream := l.Keys(user)
	if err := oneScript.Run(ctx, l.client, []string{counter, stream}, user, l.deployment, kind, inner, rand.Text()).Err(); err != nil {
		return fmt.Errorf("tell %s of a %s: %w", user, kind, err)
	}
	return nil
}

// Latest returns the number of a user's latest event, 0 if there was none.
func (l *Log) Latest(ctx context.Context, user string) (int64, error) {
	counter, _ := l.Keys(user)
	seq, err := l.client.HGet(ctx, counter, "seq").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read the events of %s: %w", user, err)
	}
	return seq, nil
}

// Read returns up to limit events of a user that come after the number, in order. If the
// first one is not the next number, those between are not kept any more.
func (l *Log) Read(ctx context.Context, user string, after int64, limit int) ([]Event, error) {
	if err := tasks.CheckUser(user); err != nil {
		return nil, err
	}
	_, stream := l.Keys(user)
	found, err := l.client.XRangeN(ctx, stream, fmt.Sprintf("(%d-0", max(after, 0)), "+", int64(limit)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the events of %s: %w", user, err)
	}
	all := make([]Event, 0, len(found))
	for _, m := range found {
		text, _ := m.Values["event"].(string)
		number, _, _ := strings.Cut(m.ID, "-")
		seq, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the event %s of %s has no number: remove it with XDEL %s %s", m.ID, user, stream, m.ID)
		}
		if text == "" { // one that somebody else wrote stops no others
			text = fmt.Sprintf(`{"version":1,"type":"unreadable","seq":%d}`, seq)
		}
		all = append(all, Event{seq, text})
	}
	return all, nil
}
