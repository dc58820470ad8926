package door

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
)

// slots are as many as both sides get.
const slots = 10

// measure runs a measurement of testdata/bench.py and reports its figures.
func (r *rig) measure(b *testing.B, what, task string) {
	b.Helper()
	command := exec.CommandContext(b.Context(), python, "bench.py", what, task) //nolint:gosec // what a benchmark says
	command.Dir, command.Env = "testdata", r.environ
	out, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for line := range bytes.Lines(out) {
		var name string
		var figure float64
		if _, err := fmt.Sscan(string(line), &name, &figure); err == nil {
			b.ReportMetric(figure, name)
		}
	}
	b.ReportMetric(0, "ns/op") // the figures are those above
}

// sides are who performs the tasks, and what they are.
var sides = []struct {
	name, task string
	start      func(*rig)
}{
	{"celery", "app.py.add", func(r *rig) { r.celery(slots) }},
	{"switchyard", "app.go.add", func(r *rig) { r.worker(onDuty) }},
}

// BenchmarkDelayGet sends an empty task with Celery's client and waits for its result, one after another.
// Run it with -benchtime 1x.
func BenchmarkDelayGet(b *testing.B) {
	for _, side := range sides {
		b.Run(side.name, func(b *testing.B) {
			r := newRig(b, form{broker: "0", backend: "0", slots: slots})
			side.start(r)
			r.measure(b, "roundtrip", side.task)
		})
	}
}

// BenchmarkDrain has 20,000 messages performed that wait when the worker starts. Run it with -benchtime
// 1x.
func BenchmarkDrain(b *testing.B) {
	for _, side := range sides {
		b.Run(side.name, func(b *testing.B) {
			r := newRig(b, form{broker: "0", backend: "0", slots: slots})
			r.measure(b, "push", side.task)
			side.start(r)
			r.measure(b, "drain", side.task)
		})
	}
}
