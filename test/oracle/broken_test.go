package oracle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// place is where the ID of a task stands.
type place struct {
	name, part, state string
	slow              bool // nobody looks there at once
	ended             bool // it has had its end
	score             func() float64
}

func ago(d time.Duration) func() float64 {
	return func() float64 { return float64(time.Now().Add(-d).Unix()) }
}

var places = []place{
	{name: "pending", part: "pending", state: "pending"},
	{name: "scheduled, due", part: "scheduled", state: "scheduled", score: ago(time.Minute)},
	{name: "retry, due", part: "retry", state: "retry", score: ago(time.Minute)},
	{name: "lease, run out", part: "lease", state: "active", score: ago(time.Minute)},
	{name: "scheduled, due at -inf", part: "scheduled", state: "scheduled", score: func() float64 { return math.Inf(-1) }},
	{name: "lease, run out at -inf", part: "lease", state: "active", score: func() float64 { return math.Inf(-1) }},
	{name: "lease, for ever", part: "lease", state: "active", score: func() float64 { return math.Inf(1) }, slow: true},
	{name: "active without a lease", part: "active", state: "active", slow: true},
	{name: "scheduled, for later", part: "scheduled", state: "scheduled", score: ago(-time.Hour), slow: true, ended: true},
	{name: "retry, for later", part: "retry", state: "retry", score: ago(-time.Hour), slow: true, ended: true},
	{name: "archived", part: "archived", state: "archived", score: ago(time.Hour), slow: true, ended: true},
	{name: "completed", part: "completed", state: "completed", score: ago(-time.Hour), slow: true, ended: true},
}

// put puts an ID into a place. A lease stands beside the active list.
func (p place) put(ctx context.Context, client redis.UniversalClient, q, id string) error {
	key := format.Key(q, p.part)
	if p.score == nil {
		return client.LPush(ctx, key, id).Err()
	}
	err := client.ZAdd(ctx, key, redis.Z{Score: p.score(), Member: id}).Err()
	if p.part == "lease" && err == nil {
		err = client.LPush(ctx, format.Key(q, "active"), id).Err()
	}
	return err
}

// wellFormed returns a message with nothing wrong. Its payload says which task it is of,
// whatever else the message says.
func wellFormed(q, id string) format.Message {
	return format.Message{Kind: kind, ID: id, Queue: q, Payload: fmt.Appendf(nil, `{"text":"%s/%s"}`, q, id), Retry: 3, Timeout: 300, Retention: 3600}
}

// whole adds a task with nothing wrong, in a place.
func (p place) whole(ctx context.Context, client redis.UniversalClient, q, id string) error {
	return errors.Join(p.data(ctx, client, q, id), p.put(ctx, client, q, id))
}

// data writes what is kept of a task with nothing wrong that is to be in a place.
func (p place) data(ctx context.Context, client redis.UniversalClient, q, id string) error {
	m := wellFormed(q, id)
	err := client.HSet(ctx, format.TaskKey(q, id), "msg", m.Encode(), "state", p.state).Err()
	if err == nil && p.state == "pending" {
		err = client.HSet(ctx, format.TaskKey(q, id), "pending_since", time.Now().UnixNano()).Err()
	}
	return err
}

// taskFields are the fields of a task's hash. Those that have nothing to do with whether it can
// be performed are only damaged.
var taskFields = []string{
	"state", "pending_since", "unique_key", format.DueField, "group", format.LossesField, format.RunField, format.UserField,
	format.ParkedField, format.CancelField, format.EndingField, format.AwaitsField, format.AttemptsField, format.AttemptField, format.ErrorField, format.ProgressField, "result",
}

// nonsense are the values of a field that nobody has written.
var nonsense = map[string]string{
	"empty": "", "malformed": "\xff\x00{", "huge": strings.Repeat("9", 1<<17), "negative": "-1", "nan": "nan", "inf": "inf", "json": `{"a":[1,{}]}`,
}

// wrongFields are tasks with a field of nonsense.
func wrongFields() (all []damage) {
	for _, place := range places {
		for _, field := range taskFields {
			for what, value := range nonsense {
				all = append(all, broken(place, field+" is "+what, true, func(ctx context.Context, client redis.UniversalClient, key string) error {
					return client.HSet(ctx, key, field, value).Err()
				}))
			}
		}
		all = append(all, broken(place, "state is missing", true, func(ctx context.Context, client redis.UniversalClient, key string) error {
			return client.HDel(ctx, key, "state").Err()
		}))
		for _, state := range []string{"completed", "archived", "active", "aggregating", "scheduled"} {
			if state != place.state {
				all = append(all, broken(place, "state says "+state, true, func(ctx context.Context, client redis.UniversalClient, key string) error {
					return client.HSet(ctx, key, "state", state).Err()
				}))
			}
		}
	}
	return all
}

// broken is a task to which something is done before it gets to its place.
func broken(p place, what string, mayRun bool, do func(ctx context.Context, client redis.UniversalClient, key string) error) damage {
	return damage{
		name: "a task in " + p.name + " whose " + what, part: p.part, slow: p.slow, task: true, id: "broken", mayRun: mayRun,
		do: func(ctx context.Context, client redis.UniversalClient, q, id string) error {
			return errors.Join(p.data(ctx, client, q, id), do(ctx, client, format.TaskKey(q, id)), p.put(ctx, client, q, id))
		},
	}
}

// messages are messages that are wrong, each in its way.
var messages = map[string]func(m *format.Message, q string){
	"of another ID":        func(m *format.Message, _ string) { m.ID = "another" },
	"of another queue":     func(m *format.Message, _ string) { m.Queue = "elsewhere" },
	"without a kind":       func(m *format.Message, _ string) { m.Kind = "" },
	"without an ID":        func(m *format.Message, _ string) { m.ID = "" },
	"without a queue":      func(m *format.Message, _ string) { m.Queue = "" },
	"of an unknown kind":   func(m *format.Message, _ string) { m.Kind = "agent_nobody" },
	"with broken JSON":     func(m *format.Message, _ string) { m.Payload = []byte(`{"text":`) },
	"with counts below 0":  func(m *format.Message, _ string) { m.Retry, m.Retried = -1, -1 },
	"retried for ever":     func(m *format.Message, _ string) { m.Retried = math.MaxInt32 },
	"with a limit below 0": func(m *format.Message, _ string) { m.Timeout, m.Deadline = -1, -1 },
	"limited beyond time":  func(m *format.Message, _ string) { m.Timeout, m.Deadline = math.MaxInt64, math.MaxInt64 },
	"kept for ever":        func(m *format.Message, _ string) { m.Retention = math.MaxInt64 },
	"kept for less than 0": func(m *format.Message, _ string) { m.Retention = math.MinInt64 },
	"locked by a list":     func(m *format.Message, q string) { m.UniqueKey = format.Key(q, "pending") },
	"locked elsewhere":     func(m *format.Message, _ string) { m.UniqueKey = "asynq:{elsewhere}:unique:x" },
	"locked by itself":     func(m *format.Message, q string) { m.UniqueKey = format.TaskKey(q, m.ID) },
	"of a later version":   func(m *format.Message, _ string) { m.Headers = map[string]string{format.VersionHeader: "-9"} },
	"woken to nowhere":     func(m *format.Message, _ string) { m.Headers = map[string]string{format.WakesHeader: "//\xff"} },
	"expired at nonsense":  func(m *format.Message, _ string) { m.Headers = map[string]string{format.ExpiresHeader: "nan"} },
}

// texts are no messages.
var texts = map[string]string{
	"empty": "", "malformed": "\x0a\xff\xff\xffbroken", "huge": strings.Repeat("\xff", 1<<20), "cut": "\x0a\x0bagent_pr",
}

// wrongMessages are tasks whose message, or whole hash, is wrong.
func wrongMessages() (all []damage) {
	for _, place := range places {
		for what, change := range messages {
			d := broken(place, "message is "+what, true, nil)
			d.do = func(ctx context.Context, client redis.UniversalClient, q, id string) error {
				m := wellFormed(q, id)
				change(&m, q)
				return errors.Join(place.data(ctx, client, q, id), client.HSet(ctx, format.TaskKey(q, id), "msg", m.Encode()).Err(), place.put(ctx, client, q, id))
			}
			all = append(all, d)
		}
		for what, text := range texts {
			all = append(all, broken(place, "message is "+what, false, func(ctx context.Context, client redis.UniversalClient, key string) error {
				return client.HSet(ctx, key, "msg", text).Err()
			}))
		}
		all = append(all, broken(place, "message is missing", false, func(ctx context.Context, client redis.UniversalClient, key string) error {
			return client.HDel(ctx, key, "msg").Err()
		}))
		for is := range kinds {
			all = append(all, broken(place, fmt.Sprintf("data is a %s of nonsense", is), false, func(ctx context.Context, client redis.UniversalClient, key string) error {
				return become(ctx, client, key, is)
			}))
		}
	}
	return all
}

// contradictions are tasks that are in several places at once.
func contradictions() (all []damage) {
	for i, first := range places {
		for _, second := range places[i:] {
			if first.part == second.part && first.part != "pending" {
				continue
			}
			d := broken(first, "ID is in "+second.name+", too", true, nil)
			d.part, d.slow = first.part+" "+second.part, first.slow || second.slow
			// A lease that comes last would be another's, on a task that runs by then.
			one, other := first, second
			if other.part == "lease" {
				one, other = other, one
			}
			d.do = func(ctx context.Context, client redis.UniversalClient, q, id string) error {
				return errors.Join(first.data(ctx, client, q, id), one.put(ctx, client, q, id), other.put(ctx, client, q, id))
			}
			all = append(all, d)
		}
	}
	return all
}
