package hosts

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed host.lua
	hostLua string
	//go:embed enter.lua
	enterLua string
	//go:embed asks.lua
	asksLua string
	//go:embed leave.lua
	leaveLua string

	enterScript = redis.NewScript(hostLua + enterLua)
	asksScript  = redis.NewScript(hostLua + asksLua)
	leaveScript = redis.NewScript(hostLua + leaveLua)
)

// jitter is by how much of a spacing a task is told to come later at most, as a fraction: nobody is to
// be asked to a beat.
const jitter = 0.2

// BusyError says that a host is to be asked later.
type BusyError struct {
	Host  string
	Wait  time.Duration
	Ahead int   // how many tasks are to come before
	Cause error // what the host has said, nil if others ask it
}

// Error implements error.
func (e *BusyError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("waits for %s, which asks to be left alone: %v", e.Host, e.Cause)
	}
	if e.Ahead == 0 {
		return fmt.Sprintf("waits for %s and is the next one there", e.Host)
	}
	return fmt.Sprintf("waits for %s, with %d before it", e.Host, e.Ahead)
}

// After returns when to come again.
func (e *BusyError) After() time.Duration { return e.Wait }

// Unwrap returns the cause.
func (e *BusyError) Unwrap() error { return e.Cause }

// Turns are the turns at all hosts. It is safe for concurrent use, by any number of processes.
type Turns struct {
	client redis.UniversalClient
	prefix string
	lease  time.Duration
}

// NewTurns returns turns whose keys carry prefix, which includes its colon. Whoever has had a turn
// for longer than lease counts as gone.
func NewTurns(client redis.UniversalClient, prefix string, lease time.Duration) *Turns {
	return &Turns{client: client, prefix: prefix, lease: lease}
}

// keys are those of a host, in one slot.
func (t *Turns) keys(host string) []string {
	names := []string{"turns", "running", "line", "due", "refused"}
	for i, name := range names {
		names[i] = t.prefix + "{host:" + host + "}:" + name
	}
	return names
}

type enterAsk struct {
	ID      string  `json:"id"`
	Spacing int64   `json:"spacing"`
	Lease   int64   `json:"lease"`
	Most    int     `json:"most"`
	Jitter  float64 `json:"jitter"`
}

// Enter takes a turn at a host for a task. The error is a [*BusyError] if it has to wait: the task has
// a place in the line then, which it keeps until a minute after it should have come again. The same
// task that enters again, because an attempt was lost, has one turn.
func (t *Turns) Enter(ctx context.Context, host Host, task string) (*Turn, error) {
	ask := enterAsk{ID: task, Spacing: host.Spacing.Milliseconds(), Lease: t.lease.Milliseconds(), Most: host.Concurrency, Jitter: rand.Float64() * jitter}
	began := time.Now()
	said, err := t.run(ctx, enterScript, host.Name, ask, 3)
	if err != nil {
		return nil, fmt.Errorf("take a turn at %s: %w", host.Name, err)
	}
	if said[0] > 0 {
		return nil, &BusyError{Host: host.Name, Wait: time.Duration(said[0]) * time.Millisecond, Ahead: int(said[1])}
	}
	return &Turn{turns: t, ask: ask, ends: said[2], Host: host, began: began, last: began}, nil
}

// run runs a script on the keys of a host.
func (t *Turns) run(ctx context.Context, script *redis.Script, host string, ask any, results int) ([]int64, error) {
	text, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	said, err := script.Run(ctx, t.client, t.keys(host), text).Int64Slice()
	if err == nil && len(said) < results {
		err = errors.New("the script's answer is cut short")
	}
	return said, err
}
