package door

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKilledWorkersLoseNothingThatCameThroughTheDoor kills workers in the middle of everything: while
// messages are taken in, tasks run, results are told and chords are completed; and Redis, which has
// written to disk what it has confirmed.
func TestKilledWorkersLoseNothingThatCameThroughTheDoor(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it waits for leases to run out")
	}
	r := newRig(t, form{broker: "1", backend: "2", durable: true})
	workers := []*process{r.worker(onDuty), r.worker("consuming"), r.worker("consuming")}
	all := workers
	r.start("sending", r.environ, python, "judge.py", "killed_send")
	const kills = 25
	for n := range kills {
		if n == kills/2 {
			r.redis.Stop()
			if err := r.redis.Start(); err != nil {
				t.Fatal(err)
			}
		}
		i := rand.IntN(len(workers))
		if err := workers[i].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		workers[i] = r.worker("consuming")
		all = append(all, workers[i])
		time.Sleep(rand.N(600 * time.Millisecond)) // faults come at any time
	}
	r.judge(t, "killed_check")
	rescued := map[string]bool{}
	for _, p := range all {
		for id := range p.rescued() {
			rescued[id] = true
		}
	}
	ran, file := map[string]int{}, filepath.Join(r.dir, "ran")
	text, err := os.ReadFile(file) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	twice := 0
	for id := range strings.Lines(string(text)) {
		ran[strings.TrimSpace(id)]++
	}
	for id, n := range ran {
		if n > 1 {
			twice++
			if !rescued[id] {
				t.Errorf("%s ran %d times, and was never lost with its worker", id, n)
			}
		}
	}
	t.Logf("%d tasks, %d kills, %d ran again after their worker was killed", len(ran), kills, twice)
	if n := r.client.LLen(t.Context(), "scraping").Val(); n != 0 {
		t.Errorf("%d messages wait", n)
	}
}

// rescued returns the tasks that a worker says it has given back.
func (p *process) rescued() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := map[string]bool{}
	for line := range bytes.Lines(p.out.Bytes()) {
		var said struct{ Msg, ID string }
		if json.Unmarshal(line, &said) == nil && strings.HasPrefix(said.Msg, "task rescued") {
			ids[said.ID] = true
		}
	}
	return ids
}
