package examples_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// TestAProgramWithKindsOfItsOwnRuns builds the example of the public package, a module of its own, and
// has its programs work together.
func TestAProgramWithKindsOfItsOwnRuns(t *testing.T) {
	r := newReports(t)
	csv := "ada,1250\nbob,300\nada,50\n"
	for name, text := range map[string]string{"sales.csv": csv, "nightly.csv": csv, "broken.csv": "ada,lots\n"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	worker := r.start("worker", "--listen", "127.0.0.1:0", "--log-format", "json")
	for _, test := range []struct {
		args, want string
		status     int
	}{
		{"-file sales.csv -id sales", "3 rows of 2 customers, 1600 cents in all; the best is ada\n", 0},
		{"-rows 250000 -id made-up", "250000 rows of 7 customers, 124875000 cents in all; the best is customer 1\n", 0},
		{"-file ../reportd -id out", "producer: task default/out is failed: openat ../reportd: path escapes from parent\n", 1},
		{"-file broken.csv -id broken", "producer: task default/broken is failed: row 1: strconv.ParseInt: parsing \"lots\": invalid syntax: want a customer and whole cents\n", 1},
		{"-rows -1", "producer: report_build: field \"rows\" is -1: use 1 to 10000000\n", 1},
	} {
		got, err := r.command("producer", strings.Fields(test.args)...).CombinedOutput()
		status := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if string(got) != test.want || status != test.status {
			t.Errorf("producer %s: exit status %d\n%s\nwant %d\n%s", test.args, status, got, test.status, test.want)
		}
	}
	r.start("scheduler", "--listen", "127.0.0.1:0", "--config", r.schedule("report_build"))
	worker.await(`"id":"nightly@`, `"outcome":"succeeded"`)
	const want = `{"rows":3,"customers":2,"cents":1600,"best":"ada"}`
	if got, err := os.ReadFile(filepath.Join(r.dir, "nightly.csv.summary.json")); err != nil || string(got) != want {
		t.Errorf("summary %s, %v, want %s", got, err, want)
	}
	wrong := r.command("reportd", "scheduler", "--listen", "127.0.0.1:0", "--config", r.schedule("report_bild"))
	if got, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(got), `kind "report_bild" is unknown: known are agent_scout, briefing_deliver, briefing_generate, briefing_write, report_build, scrape_feed, scrape_page, scrape_site, scrape_sitemap`) {
		t.Errorf("a schedule with an unknown kind: %v\n%s", err, got)
	}
}

// reports are the programs of the example, and where they work.
type reports struct {
	t         *testing.T
	dir, bin  string
	redisLine string
}

func newReports(t *testing.T) *reports {
	t.Helper()
	r := &reports{t: t, dir: t.TempDir(), bin: t.TempDir(), redisLine: "SWITCHYARD_REDIS_URL=redis://" + redistest.Server(t).Addr}
	build := exec.Command("go", "build", "-o", r.bin+string(filepath.Separator), "./reportd", "./producer") //nolint:gosec // our own
	build.Dir = "report"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return r
}

func (r *reports) command(program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(r.t.Context(), filepath.Join(r.bin, program), args...) //nolint:gosec // built above
	c.Env = append(os.Environ(), r.redisLine, "REPORT_DIR="+r.dir)
	return c
}

// schedule writes a configuration that has a report built every second.
func (r *reports) schedule(kind string) string {
	path := filepath.Join(r.t.TempDir(), "schedule.yaml")
	text := `schedule: {nightly: {spec: "@every 1s", kind: ` + kind + `, payload: {file: nightly.csv}}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// running is a daemon of the example.
type running struct {
	t     *testing.T
	lines chan string
}

// start starts a daemon. It is asked to stop as the test ends, and has to end well.
func (r *reports) start(args ...string) *running {
	r.t.Helper()
	c := r.command("reportd", args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // by the context, which ends before the cleanup
	log, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	d := &running{r.t, make(chan string, 10_000)}
	go func() {
		defer close(d.lines)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			d.lines <- lines.Text()
		}
	}()
	r.t.Cleanup(func() {
		for line := range d.lines { // until it has ended
			r.t.Log(line)
		}
		_ = c.Wait()
		if status := c.ProcessState.ExitCode(); status != 0 {
			r.t.Errorf("reportd %s: exit status %d", args[0], status)
		}
	})
	return d
}

// await waits for a line of the log that has all of some words.
func (d *running) await(words ...string) {
	d.t.Helper()
	late := time.After(30 * time.Second)
next:
	for {
		select {
		case line, ok := <-d.lines:
			if !ok {
				d.t.Fatalf("ended without a line that has %q", words)
			}
			for _, word := range words {
				if !strings.Contains(line, word) {
					continue next
				}
			}
			return
		case <-late:
			d.t.Fatalf("no line has %q", words)
		}
	}
}
