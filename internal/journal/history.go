package journal

import (
	"encoding/json"
	"slices"
	"time"
)

// State is how far a step is.
type State string

// The states of a step.
const (
	Begun    State = "begun"    // and not known to be done
	Done     State = "done"     // with a result
	Undone   State = "undone"   // certainly not done; it may begin again
	Asked    State = "asked"    // it waits for a person's approval and has not begun
	Approved State = "approved" // a person has it done
	Rejected State = "rejected" // a person has it not done; it counts as done
)

// Step is one step of a run.
type Step struct {
	Name string `json:"name"`
	// Effect is whether it acts on the world outside, and must not be done twice.
	Effect bool  `json:"effect,omitempty"`
	State  State `json:"state"`
	// Began is when it last began, Ended when it was decided. Both are by Redis's clock.
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	// Attempt is the attempt that began it last, Begins how often it has begun: 0 for one
	// that was only said to be done.
	Attempt int             `json:"attempt"`
	Begins  int             `json:"begins"`
	Input   json.RawMessage `json:"input,omitempty"` // of one that a person was asked about
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"` // of one that is undone
}

// Finished reports whether the step is not to be done any more.
func (s Step) Finished() bool { return s.State == Done || s.State == Rejected }

// Attempt is an attempt that has written in the journal.
type Attempt struct {
	Number int       `json:"number"`
	Worker string    `json:"worker"`
	At     time.Time `json:"at"`
}

// History is what a journal tells of its run.
type History struct {
	Attempts []Attempt `json:"attempts"`
	Steps    []Step    `json:"steps"` // in the order in which they began first
	// Ended is when the run was over, zero if it is not, and Result what it brought.
	Ended  time.Time       `json:"ended,omitzero"`
	Result json.RawMessage `json:"result,omitempty"`

	last time.Time // of the latest entry
}

// InDoubt reports whether the step has an effect that has begun and is not known to be done.
func (s Step) InDoubt() bool { return s.Effect && s.State == Begun }

// Undecided returns the step that waits for a person, if there is one: it is in doubt, or not
// to begin without approval.
func (h *History) Undecided() (Step, bool) {
	i := slices.IndexFunc(h.Steps, func(s Step) bool { return s.InDoubt() || s.State == Asked })
	if i < 0 {
		return Step{}, false
	}
	return h.Steps[i], true
}

// step returns the step of a name, or nil.
func (h *History) step(name string) *Step {
	if i := slices.IndexFunc(h.Steps, func(s Step) bool { return s.Name == name }); i >= 0 {
		return &h.Steps[i]
	}
	return nil
}

// add adds what an entry tells.
func (h *History) add(e entry) {
	before, began := h.last, e.began()
	h.last = e.at
	if s := h.step(e.Step); s != nil && e.Took == nil && s.State == states[e.Event] {
		return // it was written twice, as Redis's answer to the first time was lost
	}
	if e.Worker != "" {
		h.Attempts = append(h.Attempts, Attempt{Number: e.Attempt, Worker: e.Worker, At: began})
	}
	switch e.Event {
	case attempted:
		return
	case ended:
		h.Ended, h.Result = e.at, e.Result
		return
	}
	s := h.step(e.Step)
	if s == nil {
		// One that is done without having begun has had the time since the entry before.
		h.Steps = append(h.Steps, Step{Name: e.Step, Began: before, Attempt: e.Attempt})
		s = &h.Steps[len(h.Steps)-1]
	}
	if e.Event == begun || e.Took != nil {
		*s = Step{Name: e.Step, Effect: e.Effect, State: Begun, Began: began, Attempt: e.Attempt, Begins: s.Begins + 1, Input: s.Input}
	}
	if e.Event == begun {
		return
	}
	if e.Event == asked {
		*s = Step{Name: e.Step, Effect: e.Effect, State: Asked, Began: e.at, Attempt: e.Attempt, Input: e.Input}
		return
	}
	s.State, s.Ended, s.Result, s.Error = states[e.Event], e.at, e.Result, e.Error
}

var states = map[event]State{done: Done, undone: Undone, approved: Approved, rejected: Rejected}

// read returns the history that stored entries tell.
func read(stored []string) (*History, error) {
	h := &History{}
	for place, text := range stored {
		e, err := parse(place, text)
		if err != nil {
			return nil, err
		}
		h.add(e)
	}
	return h, nil
}
