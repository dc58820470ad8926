package control

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/audit"
	"switchyard/internal/events"
	"switchyard/internal/tasks"
)

//go:embed brake.lua
var brakeLua string

var brakeScript = redis.NewScript(events.Lua + brakeLua)

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
// user's keys, and tells itself among the user's events. It is safe for concurrent use, by
// any number of processes.
type Brake struct {
	client redis.UniversalClient
	prefix string
	events *events.Log
}

// NewBrake returns a brake whose keys carry prefix, which includes its colon, and whose
// changes are told in log, which has the same prefix.
func NewBrake(client redis.UniversalClient, prefix string, log *events.Log) *Brake {
	return &Brake{client: client, prefix: prefix, events: log}
}

// key returns a key of a user. Its hash tag keeps a user in one slot.
func (b *Brake) key(user, name string) string {
	return b.prefix + "{user:" + tasks.UserKey(user) + "}:" + name
}

// Everyone is the user whose brake is everybody's. No user has this id.
const Everyone = "*"

// On reports whether the brake is on in state s.
func (s State) On() bool { return s == Pausing || s == Paused || s == Partial }

// reading is what a step reads of the keys of one user, [Everyone] among them.
type reading struct {
	user     string
	state    State
	seq      int64             // of the latest event
	runs     map[string]string // who performs which task; nil where the step does not say
	parked   int64
	waits    map[string]string
	decision int64 // the number of the one that stands, its time in milliseconds; 0: none
	by       audit.Actor
	handed   int64 // when parked tasks were last handed out since then, in milliseconds; 0: not yet
}

// do makes a step. It reports whether that changed anything, what it reads, and the list that
// the step returns.
func (b *Brake) do(ctx context.Context, step, user string, args ...any) (bool, reading, []string, error) {
	r := reading{user: user}
	if err := checkBraked(user); err != nil {
		return false, r, nil, err
	}
	_, stream := b.events.Keys(user)
	keys := []string{b.key(user, "brake"), b.key(user, "runs"), b.key(user, "parked"), b.key(user, "waits"), b.key(user, "resuming"), stream}
	reply, err := brakeScript.Run(ctx, b.client, keys, append([]any{step, user, b.events.Deployment()}, args...)...).Slice()
	if err != nil {
		return false, r, nil, fmt.Errorf("%s the brake of %s: %w", step, user, err)
	}
	made, _ := reply[0].(int64)
	r.seq, _ = reply[1].(int64)
	state, _ := reply[2].(string)
	r.state = State(state)
	r.parked, _ = reply[3].(int64)
	r.waits = pairs(texts(reply[5]))
	r.decision, _ = reply[6].(int64)
	by, _ := reply[7].(string)
	r.by = actorOf(by)
	r.handed, _ = reply[8].(int64)
	return made == 1, r, texts(reply[4]), nil
}

// actorOf reads who has made a decision; nobody known if it does not say.
func actorOf(by string) audit.Actor {
	var actor audit.Actor
	_ = json.Unmarshal([]byte(by), &actor) // decisions of earlier versions do not say
	return actor
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

func checkBraked(user string) error {
	if user == Everyone {
		return nil
	}
	return tasks.CheckUser(user)
}

// Order asks for a change of a brake.
type Order struct {
	By audit.Actor
	// Latest is the number of the latest decision that the order may undo; nil: any.
	Latest *int64
}

// args are the order as the script takes it.
func (o Order) args() ([]any, error) {
	by, err := json.Marshal(o.By)
	if err != nil {
		return nil, fmt.Errorf("encode who decides: %w", err)
	}
	latest := ""
	if o.Latest != nil {
		latest = strconv.FormatInt(*o.Latest, 10)
	}
	return []any{latest, rand.Text(), by}, nil
}

// Pull puts a user's brake on and reports whether it was off.
func (b *Brake) Pull(ctx context.Context, user string, o Order) (bool, error) {
	changed, _, err := b.change(ctx, "pull", user, o)
	return changed, err
}

// Release takes a user's brake off and reports whether it was on. What is parked is for
// [Operator.Resume] to run.
func (b *Brake) Release(ctx context.Context, user string, o Order) (bool, error) {
	changed, _, err := b.change(ctx, "release", user, o)
	return changed, err
}

// change makes a decision, and sees to it that somebody watches what becomes of it.
func (b *Brake) change(ctx context.Context, step, user string, o Order) (bool, reading, error) {
	args, err := o.args()
	if err != nil {
		return false, reading{}, err
	}
	changed, r, list, err := b.do(ctx, step, user, args...)
	if err != nil {
		return false, r, err
	}
	r.runs = pairs(list)
	if changed {
		// In a cluster this is elsewhere, and may be out of reach. Who hears the nudge asks for
		// it, too.
		_ = b.watchFrom(ctx, user)
	}
	return changed, r, nil
}

// look reads the keys of a user.
func (b *Brake) look(ctx context.Context, user string) (reading, error) {
	_, r, runs, err := b.do(ctx, "look", user)
	r.runs = pairs(runs)
	return r, err
}

// Decision is what becomes of a step that waits for a person.
type Decision string

// The decisions.
const (
	Approved Decision = "approved"
	Rejected Decision = "rejected"
)

// Ask notes, and tells on the user's status channel, that a step of a run waits for a person. It
// reports false, and has done nothing, if the pass is no longer good.
func (b *Brake) Ask(ctx context.Context, p Pass, step string) (bool, error) {
	asked, _, _, err := b.do(ctx, "ask", p.User, p.Task, step, p.Token)
	if err != nil || !asked {
		return false, err
	}
	return true, b.watchFrom(ctx, p.User)
}

// Decide notes, and tells in the same way, what a person has decided about a step of a task, named
// queue/id.
func (b *Brake) Decide(ctx context.Context, user, task, step string, d Decision) error {
	_, _, _, err := b.do(ctx, "decision", user, task, step, string(d))
	return err
}
