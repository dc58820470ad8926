package agents

import (
	"cmp"
	"fmt"
	"time"
)

// Budget is what a run may take. It is asked before each answer of the model; what an answer
// itself takes is bounded by its model's max_tokens.
type Budget struct {
	Steps  int     `yaml:"steps,omitempty"`      // answers of the model; 0 means 20
	Calls  int     `yaml:"tool_calls,omitempty"` // 0 means 50
	Tokens int64   `yaml:"tokens,omitempty"`     // in and out; 0: any number
	Money  float64 `yaml:"money,omitempty"`      // in the currency of the models' prices; 0: any amount
	// Time is what answers and calls may take together, 0: as long as they like. What a run
	// waits for, parked or for its turn, does not count.
	Time time.Duration `yaml:"time,omitempty"`
}

// What a budget holds that says nothing: enough for work, and an end to a model that goes
// round in circles.
const (
	defaultSteps = 20
	defaultCalls = 50
)

func (b Budget) withDefaults() Budget {
	b.Steps, b.Calls = cmp.Or(b.Steps, defaultSteps), cmp.Or(b.Calls, defaultCalls)
	return b
}

func (b Budget) check() error {
	return cmp.Or(
		notNegative("budget.steps", b.Steps), notNegative("budget.tool_calls", b.Calls), notNegative("budget.tokens", b.Tokens),
		notNegative("budget.money", b.Money), notNegative("budget.time", b.Time),
	)
}

func notNegative[N cmp.Ordered](name string, n N) error {
	if n >= *new(N) {
		return nil
	}
	return fmt.Errorf("%s is %v: use 0 or more", name, n)
}

// Spent is what a run has taken.
type Spent struct {
	Steps  int     `json:"steps"`
	Calls  int     `json:"tool_calls"`
	Input  int64   `json:"input_tokens"`
	Cached int64   `json:"cached_tokens,omitempty"`
	Output int64   `json:"output_tokens"`
	Money  float64 `json:"money,omitempty"`
	// Seconds is what answers and calls took, with what was waited for models to answer at all.
	Seconds float64 `json:"seconds,omitempty"`
}

func (s *Spent) add(a Asking) {
	s.Steps++
	s.Input += a.Answer.Usage.Input
	s.Cached += a.Answer.Usage.Cached
	s.Output += a.Answer.Usage.Output
	s.Money += a.Answer.Cost
	s.Seconds += a.Seconds
}

// reached names a part of the budget that is used up, or that the next answer will use up as
// far as that can be known, and "" if none is.
func (b Budget) reached(s Spent) string {
	switch {
	case s.Steps >= b.Steps-1 && b.Steps > 1, s.Steps >= b.Steps:
		return "steps"
	case s.Calls >= b.Calls:
		return "tool_calls"
	case b.Tokens > 0 && s.Input+s.Output >= b.Tokens:
		return "tokens"
	case b.Money > 0 && s.Money >= b.Money:
		return "money"
	case b.Time > 0 && s.Seconds >= b.Time.Seconds():
		return "time"
	}
	return ""
}
