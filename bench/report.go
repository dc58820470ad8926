package bench

import (
	"errors"
	"fmt"
	"time"
)

// Report is what a run has measured. Its JSON is for programs: fields are added to it,
// and none is renamed or removed without a new version.
type Report struct {
	Version  int       `json:"version"` // of this shape: 1
	Started  time.Time `json:"started"`
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Figures  []Figure  `json:"figures"`
	Counts   []Count   `json:"counts"`
}

// Machine says where the figures are from.
type Machine struct {
	Go    string `json:"go"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPUs  int    `json:"cpus"`
	Redis string `json:"redis"` // its version, "" if it does not say
}

// Figure is one figure of both systems. A system is nil where the figure could not be
// had: not asked for, or not available on this machine or Redis.
type Figure struct {
	ID     string  `json:"figure"` // such as drain.10
	Label  string  `json:"label"`  // for people
	Unit   string  `json:"unit"`   // ms, s, tasks/s, commands/s, µs/task, connections or MiB
	Better string  `json:"better"` // lower or higher
	Ours   *Spread `json:"switchyard"`
	Asynq  *Spread `json:"asynq"`
	Ratio  float64 `json:"ratio,omitzero"` // ours to asynq's, of the medians
	Target *Target `json:"target,omitempty"`
}

// Count is what became of the tasks of one phase in one system.
type Count struct {
	Phase    string `json:"phase"`
	System   string `json:"system"`
	Enqueued int    `json:"enqueued"`
	Handled  int    `json:"handled"`  // of those, at least once
	Repeated int    `json:"repeated"` // times a task was handled beyond what is right
	Left     int    `json:"left"`     // tasks in the queue afterwards
}

// fault says what is wrong with the count, "" if nothing is.
func (c Count) fault() string {
	if c.Handled == c.Enqueued && c.Repeated == 0 && c.Left == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s: %d tasks enqueued, %d handled, %d times too often, %d left in the queue",
		c.Phase, c.System, c.Enqueued, c.Handled, c.Repeated, c.Left)
}

// ErrCount is the error of a report whose counts are off.
var ErrCount = errors.New("counts are off")

// Err returns an error if Switchyard lost a task, ran one too often, or left one behind.
// What plain asynq did is in [Report.Faults] only.
func (r Report) Err() error {
	var errs []error
	for _, c := range r.Counts {
		if fault := c.fault(); fault != "" && c.System == systemName(true) {
			errs = append(errs, fmt.Errorf("%w: %s", ErrCount, fault))
		}
	}
	return errors.Join(errs...)
}

// Faults says, for both systems, which counts are off and how.
func (r Report) Faults() []string {
	var faults []string
	for _, c := range r.Counts {
		if fault := c.fault(); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// add puts a figure into the report, with its ratio and what it is to reach.
func (r *Report) add(f Figure) {
	if f.Ours != nil && f.Asynq != nil && f.Asynq.Median != 0 {
		f.Ratio = f.Ours.Median / f.Asynq.Median
	}
	f.Target = targetOf(f)
	r.Figures = append(r.Figures, f)
}

// both holds what was measured of each system in several rounds.
type both struct{ ours, asynq []float64 }

func (b *both) add(ours bool, value float64) {
	if ours {
		b.ours = append(b.ours, value)
	} else {
		b.asynq = append(b.asynq, value)
	}
}

// into completes f with the spreads of b.
func (b both) into(f Figure) Figure {
	f.Ours, f.Asynq = spreadOf(b.ours), spreadOf(b.asynq)
	return f
}
