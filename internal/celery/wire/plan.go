package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Bounds of what may follow one task. A canvas comes from a producer: it may be hostile.
const (
	maxSignatures = 10_000
	maxPlanBytes  = 64 << 20
)

// Outcome is how a task has ended.
type Outcome struct {
	// State is SUCCESS, FAILURE or REVOKED. Nothing follows any other.
	State string
	// Result is the result in JSON; of the other two the exception, as of [Failed.Result].
	Result json.RawMessage
	// Traceback is what a client shows of a failure.
	Traceback string
	// At is when: countdowns count from there.
	At time.Time
}

// Send is a message to send, to Queue if the signature names one: otherwise routes decide.
// Its message names an exchange and a routing key only if the signature names both.
type Send struct {
	Queue   string
	Message Message
}

// Size says how many parts a chord's group will have.
type Size struct {
	Group string
	Size  int
}

// Saved is a group with groups among its results. Its chord's body gets them nested.
type Saved struct {
	Group string
	// Value is what is stored under [GroupKeys].Saved.
	Value json.RawMessage
}

// Plan is what has to be done after a task's end, in the order of its fields. The same end
// makes the same plan, with the same ids: so it may be done twice if each id is sent once.
type Plan struct {
	// Outcome is what the task's own meta has to say. It is a failure of a success if what
	// follows cannot be sent.
	Outcome Outcome
	Saved   []Saved
	Sizes   []Size
	Sends   []Send
	// Children are those of the task's meta.
	Children []Child
	// Metas are those of tasks that now will never run. Each has what result_extended would
	// add: drop it if the application does not ask for it.
	Metas []Meta
	// Parts are what the task, and those that will never run, return to their chords.
	Parts []Part
}

// End says what follows the end of a task. The plan is to be followed even with an error,
// which says what of the canvas is left out and why.
func End(s Steps, o Outcome) (Plan, error) {
	if o.State == Success {
		o.Result = bytes.TrimSpace(o.Result)
		p := newPlanner(s, o, "end")
		err := p.succeed()
		if err == nil {
			return p.plan, nil
		}
		err = fmt.Errorf("send what follows task %s: %w", s.ID, err)
		failed := Failed{Exception: ValueError, Messages: []string{err.Error()}, Traceback: "ValueError: " + err.Error()}
		o = Outcome{State: Failure, Result: failed.Result(), Traceback: failed.Traceback, At: o.At}
		plan, more := End(s, o)
		if more != nil {
			err = fmt.Errorf("%w; %w", err, more)
		}
		return plan, err
	}
	p := newPlanner(s, o, "end")
	if o.State != Failure && o.State != Revoked {
		return p.plan, nil
	}
	err := p.fail()
	return p.plan, err
}

// planner makes one plan.
type planner struct {
	plan  Plan
	steps Steps
	seed  string
	// ids, signatures and bytes count what was made, up to the bounds.
	ids, signatures, bytes int
	chords                 map[*byte]*Signature
}

func newPlanner(s Steps, o Outcome, why string) *planner {
	return &planner{plan: Plan{Outcome: o}, steps: s, seed: why + "/" + o.State + "/" + s.ID, chords: make(map[*byte]*Signature)}
}

// ofTasks is the namespace of the ids of tasks that have none of their own.
var ofTasks = uuid.NewSHA1(uuid.NameSpaceURL, []byte("switchyard:celery:canvas"))

// newID returns an id that is the same whenever the same plan is made.
func (p *planner) newID() json.RawMessage {
	p.ids++
	return quote(uuid.NewSHA1(ofTasks, fmt.Appendf(nil, "%s/%d", p.seed, p.ids)).String())
}

// root is the id of the first task of the canvas.
func (p *planner) root() string {
	if p.steps.Root == "" {
		return p.steps.ID
	}
	return p.steps.Root
}

// lineage are the options that each next step gets.
func (p *planner) lineage() Object {
	options := Object{{"parent_id", quote(p.steps.ID)}, {"root_id", quote(p.root())}}
	if p.steps.Priority != nil {
		options = options.with("priority", wholeOrNull(p.steps.Priority))
	}
	return options
}
