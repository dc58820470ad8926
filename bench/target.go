package bench

import "fmt"

// Target is what a figure is to reach on a machine that has nothing else to do.
type Target struct {
	// Ratio says that the ratio to asynq's figure counts, and not the figure itself.
	Ratio bool `json:"ratio,omitzero"`
	// Value is the bound: the least where higher is better, the most where lower is.
	Value float64 `json:"value"`
	Met   bool    `json:"met"`
}

// targets are the bounds of the figures that have one.
var targets = map[string]Target{
	"pickup.p50":       {Value: 1},
	"pickup.p99":       {Value: 5},
	"drain.10":         {Ratio: true, Value: 3},
	"drain.64":         {Ratio: true, Value: 5},
	"stream.10":        {Ratio: true, Value: 1.5},
	"add":              {Ratio: true, Value: 5},
	"loss.worst":       {Value: 15},
	"memory.idle":      {Value: 45},
	"idle.process":     {Value: 3},
	"connections.idle": {Value: 12},
}

// targetOf returns the target of a figure that is complete, nil if it has none, or lacks what
// its target is about.
func targetOf(f Figure) *Target {
	t, ok := targets[f.ID]
	if !ok || f.Ours == nil || t.Ratio && f.Ratio == 0 {
		return nil
	}
	got := f.Ours.Median
	if t.Ratio {
		got = f.Ratio
	}
	t.Met = got <= t.Value
	if f.Better == "higher" {
		t.Met = got >= t.Value
	}
	return &t
}

// text is the target for people, of a figure of that unit.
func (t *Target) text(unit, better string) string {
	if t == nil {
		return ""
	}
	sign, verdict := "<=", "missed"
	if better == "higher" {
		sign = ">="
	}
	if t.Met {
		verdict = "met"
	}
	bound := number(t.Value) + " " + unit
	if t.Ratio {
		bound = number(t.Value) + "x"
	}
	return fmt.Sprintf("%s %s, %s", sign, bound, verdict)
}
