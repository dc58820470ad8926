package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/bench"
	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// binaries holds the built commands.
var binaries string

func TestMain(m *testing.M) {
	dir, clean, err := commandtest.Dir()
	if err != nil {
		panic(err)
	}
	binaries = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		clean()
		os.Exit(code)
	}))
}

// benchAtMost bounds a small run of the bench, which waits for the rescue of a task.
const benchAtMost = 4 * time.Minute

// runBench runs the command and returns its report and what it said.
func runBench(t *testing.T, environ []string, args ...string) (bench.Report, string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "switchyard-bench"), append([]string{"--json"}, args...)...)
	cmd.Env = slices.Concat(environ, []string{"PATH=" + os.Getenv("PATH")})
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	defer time.AfterFunc(benchAtMost, func() { _ = cmd.Process.Signal(os.Interrupt) }).Stop()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var report bench.Report
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
	}
	return report, said.String(), err
}

func TestBenchMeasuresEverythingAndLeavesNothing(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	report, said, err := runBench(t, []string{"SWITCHYARD_REDIS_URL=redis://" + server.Addr},
		"--samples", "5", "--idle", "1s", "--tasks", "200", "--rounds", "1", "--kills", "1", "--asynq-kills", "0", "--settle", "0s")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	measured := map[string]bool{}
	for _, f := range report.Figures {
		measured[f.ID] = f.Ours != nil && (f.Asynq != nil || strings.HasPrefix(f.ID, "loss."))
	}
	for _, figure := range []string{
		"pickup.p50", "pickup.p95", "pickup.p99", "pickup.max", "idle.sent", "idle.performed", "drain.10", "drain.10.commands", "drain.64", "drain.64.processor", "stream.10", "add", "loss.median", "loss.worst", "memory.idle", "idle.process", "connections.idle", "connections.load",
	} {
		if !measured[figure] {
			t.Errorf("figure %s was not measured", figure)
		}
	}
	if left, err := client.Keys(t.Context(), "*").Result(); err != nil || len(left) > 0 {
		t.Errorf("left in Redis: %v (%v)", left, err)
	}
	if strings.Contains(said, "\r") {
		t.Errorf("a progress bar where there is no terminal: %q", said)
	}
}

func TestBenchMeasuresTheScheduleAndLeavesNothing(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	report, said, err := runBench(t, []string{"SWITCHYARD_REDIS_URL=redis://" + server.Addr}, "schedule", "--entries", "20", "--no-asynq-schedulers")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	measured := map[string]float64{}
	for _, f := range report.Figures {
		if f.Ours != nil {
			measured[f.ID] = f.Ours.Median
		}
	}
	for _, figure := range []string{"schedule.20.p50", "schedule.20.last", "schedule.20.last.shared", "schedule.20.memory", "schedule.20.commands", "schedule.users.20.last"} {
		if measured[figure] <= 0 {
			t.Errorf("figure %s is %v", figure, measured[figure])
		}
	}
	if doubled, ok := measured["schedule.doubled"]; !ok || doubled != 0 {
		t.Errorf("%v ticks were doubled, measured %v", doubled, ok)
	}
	if left, err := client.Keys(t.Context(), "*").Result(); err != nil || len(left) > 0 {
		t.Errorf("left in Redis: %v (%v)", left, err)
	}
}

func TestBenchMeasuresAgentsAndLeavesNothing(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	report, said, err := runBench(t, []string{"SWITCHYARD_REDIS_URL=redis://" + server.Addr}, "brake", "fair", "model", "--samples", "3", "--programs", "5", "--crowd", "20")
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	measured := map[string]float64{}
	for _, f := range report.Figures {
		if f.Ours != nil {
			measured[f.ID] = f.Ours.Median
		}
	}
	for _, figure := range []string{"brake.pause.p50", "brake.pause.p99", "brake.resume.p50", "brake.crowd.5", "fair.empty", "fair.behind", "fair.ratio", "model.step.p50", "model.step.p99", "model.memory"} {
		if measured[figure] <= 0 {
			t.Errorf("figure %s is %v", figure, measured[figure])
		}
	}
	if left, err := client.Keys(t.Context(), "*").Result(); err != nil || len(left) > 0 {
		t.Errorf("left in Redis: %v (%v)", left, err)
	}
}

func TestBenchOnAPrivateRedisIgnoresTheConfiguredOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "switchyard.yaml")
	if err := os.WriteFile(file, []byte("redis: {url: 'redis://127.0.0.1:1', password: theirs}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, said, err := runBench(t, []string{"SWITCHYARD_CONFIG=" + file, "SWITCHYARD_REDIS_PASSWORD=theirs"}, "--private-redis", "--idle", "1s", "--settle", "0s", "memory")
	if err != nil || len(report.Figures) != 4 {
		t.Errorf("%d figures and error %v: %s", len(report.Figures), err, said)
	}
}

func TestBenchSaysWhatIsMissing(t *testing.T) {
	url := "SWITCHYARD_REDIS_URL=redis://" + redistest.Server(t).Addr
	for says, args := range map[string][]string{
		"build it with make build":                   {"--worker", "/nowhere/worker", "loss"},
		"the scheduler binary cannot be run":         {"--scheduler", "/nowhere/scheduler", "schedule"},
		"--entries is 0: use 1 to 1000000":           {"--entries", "0", "schedule"},
		`workload "drian" is unknown`:                {"drian"},
		"--samples is 0: use 1 to 100000":            {"--samples", "0", "pickup"},
		"--redis and --private-redis are both given": {"--redis", "redis://127.0.0.1:1", "--private-redis"},
	} {
		if _, said, err := runBench(t, []string{url}, args...); err == nil || !strings.Contains(said, says) {
			t.Errorf("bench %v: error %v and %q, want %q", args, err, said, says)
		}
	}
}
