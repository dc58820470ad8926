package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// handAtOnce is how many tasks are dealt with in a round trip.
const handAtOnce = 100

//go:embed byhand.lua
var byHandLua string

// deed is what somebody does by hand to a task.
type deed struct {
	script *redis.Script
	// say completes what the script is told of a task, and returns a text beside it.
	say func(s tasks.Status, call *handCall) []byte
	// read says what became of a task, by what the script did.
	read func(did string, h *tasks.Handled)
}

// handCall is what a script is asked to do with a task.
type handCall struct {
	ID      string `json:"id"`
	Group   string `json:"group"`
	Locks   string `json:"locks"`
	Index   string `json:"index"`
	Nothing string `json:"nothing"`
	Tokens  int    `json:"tokens"`
	Error   string `json:"error,omitempty"`
	Cancel  string `json:"cancel,omitempty"`
	Oldest  int64  `json:"oldest,omitempty"`
	Most    int    `json:"most,omitempty"`
	Prefix  string `json:"prefix,omitempty"`
	Only    string `json:"only,omitempty"`
	Late    int64  `json:"late,omitempty"`
	Request string `json:"request,omitempty"`
	Known   int64  `json:"known,omitempty"`
	Tells   bool   `json:"tells,omitempty"`
	Due     int64  `json:"due,omitempty"`
	Replies string `json:"replies,omitempty"`
	Field   string `json:"field,omitempty"`
}

// byHand does a deed to tasks, a hundred in a round trip, and returns what became of each, in
// their order.
func (c *Client) byHand(ctx context.Context, names []tasks.Name, d deed) []tasks.Handled {
	all := make([]tasks.Handled, len(names))
	for begin := 0; begin < len(names); begin += handAtOnce {
		end := min(begin+handAtOnce, len(names))
		c.handSome(ctx, names[begin:end], all[begin:end], d)
	}
	return all
}

func (c *Client) handSome(ctx context.Context, names []tasks.Name, all []tasks.Handled, d deed) {
	statuses, err := c.statuses(ctx, names)
	if err != nil {
		for i, name := range names {
			all[i] = tasks.Handled{Name: name, Err: err}
		}
		return
	}
	invocations := make([]*invocation, len(names))
	for i, s := range statuses {
		all[i] = tasks.Handled{Name: names[i], For: tasks.UserOf(s.Payload)}
		invocations[i] = handInvocation(names[i], s, d, tasks.RequestOf(ctx))
	}
	c.invoke(ctx, d.script, invocations, func(redis.Pipeliner) {})
	for i, one := range invocations {
		readHand(one.reply, &all[i], d)
	}
}

func handInvocation(name tasks.Name, s tasks.Status, d deed, request string) *invocation {
	q := name.Queue
	call := handCall{
		ID: name.ID, Group: format.Key(q, "g:"), Locks: format.Key(q, "unique:"),
		Index: format.IndexKey(q), Nothing: format.OwnKey(q, "nothing"), Tokens: format.MaxTokens,
	}
	if request != "" {
		call.Request, call.Known = format.RequestKey(q, request), format.WholeSeconds(format.RequestFor)
	}
	text := d.say(s, &call)
	told, _ := json.Marshal(call) // strings and numbers always have a text
	return &invocation{
		keys: []string{
			format.TaskKey(q, name.ID), format.Key(q, pending), format.Key(q, scheduled), format.Key(q, retry),
			format.Key(q, archived), format.Key(q, completed), format.Key(q, "groups"), format.WakeKey(q),
		},
		args: []any{told, text},
	}
}

// readHand reads a script's answer about a task.
func readHand(reply *redis.Cmd, h *tasks.Handled, d deed) {
	said, err := reply.StringSlice()
	switch {
	case err != nil:
		h.Err = fmt.Errorf("task %s: %w", h.Name, err)
		return
	case len(said) == 2:
		h.Err = fmt.Errorf("task %s: key %s: it is not asynq's; rename or delete it", h.Name, said[1])
		return
	case len(said) != 6:
		h.Err = fmt.Errorf("task %s: redis gave an answer that is none", h.Name)
		return
	}
	did, kind := said[0], said[1]
	due, _ := strconv.ParseFloat(said[5], 64)
	h.Was = stored{word: said[2], parked: said[3] == "1", ending: said[4], due: unix(due)}.state(time.Now())
	if h.Was == "" && (kind != "none" || did != "") {
		h.Was = tasks.StateBroken
	}
	h.Now = h.Was
	if h.Was == "" {
		h.Err = noTask(h.Name)
		return
	}
	d.read(did, h)
}

func noTask(name tasks.Name) error {
	return fmt.Errorf("no task %q in queue %q: %w", name.ID, name.Queue, ErrNotFound)
}
