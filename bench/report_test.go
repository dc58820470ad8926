package bench

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// sample is a report with everything that a report can have.
func sample() Report {
	r := Report{
		Version: 1, Started: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
		Machine:  Machine{"go1.26.0", "linux", "amd64", 2, "7.0.15"},
		Settings: Settings{Workloads: []string{Pickup, Drain}, Samples: 200, IdleSeconds: 10, Tasks: 50_000, Rounds: 3, Slots: []int{10}, PayloadSize: 200},
		Counts:   []Count{{"drain, 10 slots, switchyard, round 1", "switchyard", 50_000, 50_000, 0, 0}},
	}
	r.add(Figure{ID: "pickup.p50", Label: "pickup, median", Unit: "ms", Better: "lower", Ours: once(0.5), Asynq: once(500)})
	r.add(both{[]float64{22_149, 21_000, 24_000}, []float64{10_000}}.into(Figure{ID: "drain.10", Label: "drain, 10 slots", Unit: "tasks/s", Better: "higher"}))
	r.add(Figure{ID: "memory.idle", Label: "memory of an idle worker process", Unit: "MiB", Better: "lower", Ours: once(27.04)})
	return r
}

// TestTheJSONKeepsItsShape compares with the shape that docs/performance.md promises.
func TestTheJSONKeepsItsShape(t *testing.T) {
	got, err := json.MarshalIndent(sample(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSpace(string(want)) {
		t.Errorf("JSON is now\n%s", got)
	}
}

func TestTheTableHasFiguresRatiosAndCounts(t *testing.T) {
	r := sample()
	var out strings.Builder
	if err := r.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"linux/amd64, 2 CPUs, go1.26.0, Redis 7.0.15",
		"0.5 ms", "500 ms", "0.001x",
		"22,100 tasks/s (21,000 - 24,000)", "10,000 tasks/s", "2.21x",
		"27 MiB", "not available",
		"none was left, in all 1 phases",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, out.String())
		}
	}
	r.Counts[0].Left = 1
	out.Reset()
	if err := r.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "COUNT OFF: drain, 10 slots, switchyard, round 1, switchyard: 50000 tasks enqueued, 50000 handled, 0 times too often, 1 left") || strings.Contains(out.String(), "none was left") {
		t.Errorf("table does not say that a task was left:\n%s", out.String())
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0.00123456: "0.00123", 0.936: "0.936", 12.345: "12.3", 99.96: "100", 498.2: "498", 999.7: "1,000",
		1234: "1,230", 22149: "22,100", 1234567: "1,230,000",
	} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
