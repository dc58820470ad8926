package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed sieve.lua
var sieveLua string

var sieveScript = redis.NewScript(sieveLua)

const (
	// sieveAtOnce is how many tasks are sieved in one step, which keeps Redis for some milliseconds.
	sieveAtOnce = 1000
	// sieveBytes is after how many bytes of messages a step ends.
	sieveBytes = 1 << 20
)

// sieve tells tasks that a filter does not mean from those that it may mean, by what Redis can tell
// quickly. A task that it lets through has to be read.
type sieve struct {
	States map[tasks.State]bool `json:"states,omitempty"`
	Kind   string               `json:"kind,omitempty"`
	Prefix bool                 `json:"prefix,omitempty"`
	User   string               `json:"user,omitempty"`
	Tag    string               `json:"tag,omitempty"`
	From   int64                `json:"from,omitempty"`
	To     int64                `json:"to,omitempty"`
	Error  string               `json:"error,omitempty"`
	Late   int64                `json:"late"`
	Bytes  int                  `json:"bytes"`
}

// sieveOf returns the sieve of a filter for a walk by places, or by a label through tasks in any state. It
// says whether it can hold anything back.
func sieveOf(f tasks.Filter, byPlace bool) (s sieve, any bool) {
	s = sieve{Tag: f.Tag, Error: plainPart(f.Error), Late: time.Now().Add(noRetryAfter).Unix(), Bytes: sieveBytes}
	s.Kind, s.Prefix = strings.CutSuffix(f.Kind, "*")
	if f.User != "" {
		s.User = tasks.UserKey(f.User)
	}
	if len(f.States) > 0 && !slices.Contains(f.States, tasks.StateBroken) && (!byPlace || !isWhole(f.States)) {
		s.States = make(map[tasks.State]bool, len(f.States))
		for _, state := range f.States {
			s.States[state] = true
		}
	}
	if !f.From.IsZero() {
		s.From = f.From.UnixMicro()
	}
	if !f.To.IsZero() {
		s.To = f.To.UnixMicro()
	}
	return s, s.States != nil || s.Kind != "" || s.User != "" || s.Tag != "" || s.From != 0 || s.To != 0 || s.Error != ""
}

// isWhole reports whether states are all those of the places where their tasks stand.
func isWhole(states []tasks.State) bool {
	has := func(all ...tasks.State) (n int) {
		for _, s := range all {
			if slices.Contains(states, s) {
				n++
			}
		}
		return n
	}
	retried, dead := has(tasks.StateRetrying, tasks.StateParked), has(tasks.StateFailed, tasks.StateCancelled, tasks.StateExpired)
	return retried != 1 && (dead == 0 || dead == 3)
}

// plainPart returns the longest part of a text that is ASCII, in lower case. Redis knows no other letters.
func plainPart(text string) (longest string) {
	for part := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r < ' ' || r > '~' }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// through returns the places of the tasks that may be meant, and how many of all were sieved. All are of
// one queue.
func (s sieve) through(ctx context.Context, c *Client, queue string, names []tasks.Name) (places []int, sieved int, err error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, 0, fmt.Errorf("look for tasks: %w", err)
	}
	args := make([]any, 1, len(names)+1)
	args[0] = text
	for _, name := range names {
		args = append(args, name.ID)
	}
	reply, err := sieveScript.Run(ctx, c.redis, []string{format.TaskKey(queue, ""), format.Key(queue, retry)}, args...).Int64Slice()
	if err != nil || len(reply) == 0 {
		return nil, 0, fmt.Errorf("look for tasks of %s: %w", queue, err)
	}
	for _, place := range reply[1:] {
		places = append(places, int(place))
	}
	return places, int(reply[0]), nil
}

// sieved returns the places of those of some tasks, in their order, that a filter may mean, and how many
// of the first of them were sieved.
func (c *Client) sieved(ctx context.Context, s sieve, names []tasks.Name) (places []int, sieved int, err error) {
	of := make(map[string][]int) // places by queue
	for i, name := range names {
		of[name.Queue] = append(of[name.Queue], i)
	}
	sieved = len(names)
	for queue, all := range of {
		some := make([]tasks.Name, len(all))
		for i, place := range all {
			some[i] = names[place]
		}
		kept, n, err := s.through(ctx, c, queue, some)
		if err != nil {
			return nil, 0, err
		}
		for _, i := range kept {
			places = append(places, all[i])
		}
		if n < len(all) {
			sieved = min(sieved, all[n])
		}
	}
	slices.Sort(places)
	cut, _ := slices.BinarySearch(places, sieved)
	return places[:cut], sieved, nil
}
