package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
)

// Stop is a brake that is on.
type Stop struct {
	User  string      `json:"user"` // whose it is, or [Everyone]
	Since time.Time   `json:"since"`
	By    audit.Actor `json:"by"`
}

// Words say what is stopped, since when and by whom, and what lets it go on.
func (s Stop) Words() string {
	whose, how := "the agents of "+s.User, "switchyard resume "+quoted(s.User)
	if s.User == Everyone {
		whose, how = "everyone's agents", "switchyard resume --all"
	}
	by := ""
	if s.By.Via != "" {
		by = " by " + s.By.String()
	}
	return fmt.Sprintf("%s are paused since %s%s: %s", whose, s.Since.UTC().Format(time.RFC3339), by, how)
}

// Words say what stops a user, "" if nothing does.
func Words(stops []Stop) string {
	all := make([]string, len(stops))
	for i, s := range stops {
		all[i] = s.Words()
	}
	return strings.Join(all, "; and ")
}

// quoted returns a user as a shell takes it.
func quoted(user string) string {
	if tasks.UserKey(user) == user {
		return user
	}
	return "'" + strings.ReplaceAll(user, "'", `'\''`) + "'"
}

// Stops returns for each user the brakes that stop them, their own and everyone's. All that
// shows who is stopped or acts on it asks here. It takes one round trip.
func (b *Brake) Stops(ctx context.Context, users []string) ([][]Stop, error) {
	replies := make(map[string]*redis.SliceCmd, len(users)+1)
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, user := range append([]string{Everyone}, users...) {
			if replies[user] == nil {
				replies[user] = p.HMGet(ctx, b.key(user, "brake"), "on", "since", "by")
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the brakes of %d users: %w", len(users), err)
	}
	stops := make([][]Stop, len(users))
	for i, user := range users {
		for _, whose := range slices.Compact([]string{user, Everyone}) {
			stop, held, err := stopOf(whose, replies[whose])
			if err != nil {
				return nil, err
			}
			if held {
				stops[i] = append(stops[i], stop)
			}
		}
	}
	return stops, nil
}

// stopOf reads one brake, and reports whether it is on.
func stopOf(user string, reply *redis.SliceCmd) (Stop, bool, error) {
	var hash struct {
		On    string `redis:"on"`
		Since int64  `redis:"since"`
		By    string `redis:"by"`
	}
	if err := reply.Scan(&hash); err != nil && !errors.Is(err, redis.Nil) {
		return Stop{}, false, fmt.Errorf("read the brake of %s: %w", user, err)
	}
	return Stop{user, time.UnixMilli(hash.Since).UTC(), actorOf(hash.By)}, hash.On == "1", nil
}

// On returns for each user whether anything stops them; see [Brake.Stops].
func (b *Brake) On(ctx context.Context, users []string) ([]bool, error) {
	stops, err := b.Stops(ctx, users)
	held := make([]bool, len(stops))
	for i := range stops {
		held[i] = len(stops[i]) > 0
	}
	return held, err
}

// BrakeStatus is what is known of a user's agents.
type BrakeStatus struct {
	User string `json:"user"`
	// State is that of all the brakes that stop the user together.
	State State `json:"state"`
	// Stops are those brakes, and Words say the same to people.
	Stops  []Stop            `json:"stops,omitempty"`
	Words  string            `json:"words,omitempty"`
	Seq    int64             `json:"seq"`            // of the latest event
	Runs   map[string]string `json:"runs,omitempty"` // what runs, as queue/id, and who performs it
	Parked int64             `json:"parked"`         // how many tasks are parked
	// Waits are the tasks, as queue/id, that wait for a person to decide, and about which
	// step.
	Waits map[string]string `json:"waits,omitempty"`
}

// Decisions are the tasks and steps that wait for a person, in order.
func (s BrakeStatus) Decisions() []string {
	var all []string
	for _, task := range slices.Sorted(maps.Keys(s.Waits)) {
		all = append(all, task+": "+s.Waits[task])
	}
	return all
}

// statusOf puts together what is known of a user and what stops everyone.
func statusOf(own reading, everyone State, stops []Stop) BrakeStatus {
	return BrakeStatus{
		User: own.user, State: effective(own, everyone), Stops: stops, Words: Words(stops),
		Seq: own.seq, Runs: own.runs, Parked: own.parked, Waits: own.waits,
	}
}

// effective is the state of a user whom the brake of everyone may stop as well.
func effective(own reading, everyone State) State {
	switch {
	case own.state.On():
		return own.state
	case everyone.On() && len(own.runs) == 0:
		return Paused
	case everyone == Partial:
		return Partial
	case everyone.On():
		return Pausing
	case own.parked > 0:
		return Resuming
	}
	return own.state
}

// Look returns the status of a user, or of [Everyone].
func (b *Brake) Look(ctx context.Context, user string) (BrakeStatus, error) {
	own, err := b.look(ctx, user)
	if err != nil {
		return BrakeStatus{}, err
	}
	everyone := own.state
	if user != Everyone {
		state, err := b.client.HGet(ctx, b.key(Everyone, "brake"), "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return BrakeStatus{}, fmt.Errorf("read everyone's brake: %w", err)
		}
		everyone = State(state)
	}
	stops, err := b.Stops(ctx, []string{user})
	if err != nil {
		return BrakeStatus{}, err
	}
	return statusOf(own, everyone, stops[0]), nil
}

// sorted returns the names of runs in order.
func sorted(runs map[string]string) []string {
	return append([]string{}, slices.Sorted(maps.Keys(runs))...)
}
