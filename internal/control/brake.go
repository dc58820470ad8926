package control

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

var (
	//go:embed brake.lua
	brakeLua    string
	brakeScript = redis.NewScript(brakeLua)
)

// State is the state of a user's brake.
type State string

// The states. A user nobody ever paused is running.
const (
	Running  State = "running"
	Pausing  State = "pausing"  // the brake is on, and some runs have not stopped yet
	Paused   State = "paused"   // the brake is on, and nothing runs
	Partial  State = "partial"  // the brake is on, and some runs did not stop in time
	Resuming State = "resuming" // the brake is off, and some parked runs have not begun yet
)

// Brake is the durable truth of which users' agents are stopped, and of what runs and is
// parked for each of them; the channels only nudge. Every change is one script on one
// user's keys, and tells itself on the user's status channel. It is safe for concurrent
// use, by any number of processes.
type Brake struct {
	client redis.UniversalClient
	prefix string
}

// NewBrake returns a brake whose keys carry prefix, which includes its colon.
func NewBrake(client redis.UniversalClient, prefix string) *Brake {
	return &Brake{client: client, prefix: prefix}
}

// key returns a key of a user. Its hash tag keeps a user in one slot.
func (b *Brake) key(user, name string) string { return b.prefix + "{user:" + user + "}:" + name }

// Everyone is the user whose brake is everybody's. No user has this id.
const Everyone = "*"

// BrakeStatus is what is known of a user's brake.
type BrakeStatus struct {
	User   string            `json:"user"`
	State  State             `json:"state"`
	Seq    int64             `json:"seq"`            // of the latest event
	Runs   map[string]string `json:"runs,omitempty"` // what runs, as queue/id, and who performs it
	Parked int64             `json:"parked"`         // how many tasks are parked
	// Waits are the tasks, as queue/id, that wait for a person to decide, and about which
	// step.
	Waits map[string]string `json:"waits,omitempty"`
}

// Held reports whether the brake is on in state s.
func (s State) Held() bool { return s == Pausing || s == Paused || s == Partial }

// do makes a step. It reports whether that changed anything, the status, and the list that
// the step returns.
func (b *Brake) do(ctx context.Context, step, user string, args ...any) (bool, BrakeStatus, []string, error) {
	s := BrakeStatus{User: user}
	if err := checkBraked(user); err != nil {
		return false, s, nil, err
	}
	keys := []string{b.key(user, "brake"), b.key(user, "runs"), b.key(user, "parked"), b.key(user, "waits")}
	reply, err := brakeScript.Run(ctx, b.client, keys, append([]any{step, user}, args...)...).Slice()
	if err != nil {
		return false, s, nil, fmt.Errorf("%s the brake of %s: %w", step, user, err)
	}
	made, _ := reply[0].(int64)
	s.Seq, _ = reply[1].(int64)
	state, _ := reply[2].(string)
	s.State = State(state)
	s.Parked, _ = reply[3].(int64)
	s.Waits = pairs(texts(reply[5]))
	return made == 1, s, texts(reply[4]), nil
}

func texts(list any) []string {
	var all []string
	values, _ := list.([]any)
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

func pairs(list []string) map[string]string {
	all := make(map[string]string, len(list)/2)
	for ; len(list) >= 2; list = list[2:] {
		all[list[0]] = list[1]
	}
	return all
}

// withRuns adds a list of tasks and who performs them to a status.
func (s BrakeStatus) withRuns(list []string) BrakeStatus {
	s.Runs = pairs(list)
	return s
}

func checkBraked(user string) error {
	if user == Everyone {
		return nil
	}
	return tasks.CheckUser(user)
}

// Pull puts a user's brake on and reports whether it was off. ago is how long ago that was
// asked for: what was decided since then stands. The runs of the status are to stop.
func (b *Brake) Pull(ctx context.Context, user string, ago time.Duration) (bool, BrakeStatus, error) {
	changed, s, runs, err := b.do(ctx, "pull", user, ago.Milliseconds(), rand.Text())
	return changed, s.withRuns(runs), err
}

// Release takes a user's brake off and reports whether it was on; ago is as for [Brake.Pull].
// It returns the parked tasks, as queue/id, which are to be run again.
func (b *Brake) Release(ctx context.Context, user string, ago time.Duration) (bool, []string, error) {
	changed, _, parked, err := b.do(ctx, "release", user, ago.Milliseconds(), rand.Text())
	return changed, parked, err
}

// Look returns the status of a user's brake.
func (b *Brake) Look(ctx context.Context, user string) (BrakeStatus, error) {
	_, s, runs, err := b.do(ctx, "look", user)
	return s.withRuns(runs), err
}

// Held returns for each user whether their brake is on, or everyone's. It takes one round
// trip.
func (b *Brake) Held(ctx context.Context, users []string) ([]bool, error) {
	replies := make(map[string]*redis.StringCmd, len(users)+1)
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, user := range append([]string{Everyone}, users...) {
			if replies[user] == nil {
				replies[user] = p.HGet(ctx, b.key(user, "brake"), "on")
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read the brakes of %d users: %w", len(users), err)
	}
	held := make([]bool, len(users))
	for i, user := range users {
		for _, one := range []string{Everyone, user} {
			on, err := replies[one].Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				return nil, fmt.Errorf("read the brake of %s: %w", one, err)
			}
			held[i] = held[i] || on == "1"
		}
	}
	return held, nil
}

// Decision is what becomes of a step that waits for a person.
type Decision string

// The decisions.
const (
	Asked    Decision = "asked" // nobody has decided yet
	Approved Decision = "approved"
	Rejected Decision = "rejected"
)

// Decide notes, and tells on the user's status channel, that a step of a task, named
// queue/id, waits for a person, or what was decided about it.
func (b *Brake) Decide(ctx context.Context, user, task, step string, d Decision) error {
	_, _, _, err := b.do(ctx, "decision", user, task, step, string(d))
	return err
}

// Tell publishes an event on a user's status channel. fields is a JSON object; version,
// type, user, seq and at are added to it.
func (b *Brake) Tell(ctx context.Context, user, kind string, fields []byte) error {
	inner := strings.TrimSpace(string(fields))
	inner = strings.TrimSuffix(strings.TrimPrefix(inner, "{"), "}")
	_, _, _, err := b.do(ctx, "tell", user, kind, inner)
	return err
}
