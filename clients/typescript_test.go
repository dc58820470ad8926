package clients

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// nodeConfig has the agents of the tests: programs that echo, fail and sleep.
const nodeConfig = `
agents:
  echo: {runtime: exec, command: [node, agent.js, echo], dir: %[1]q, env: [PATH, HOME]}
  fail: {runtime: exec, command: [node, agent.js, fail], dir: %[1]q, env: [PATH, HOME]}
  sleep: {runtime: exec, command: [node, agent.js, sleep], dir: %[1]q, env: [PATH, HOME], grace: 100ms}
queues:
  agents: {concurrency: 8}
`

// nodeWithin ends a test whose daemons or client hang. Nothing is measured against it.
const nodeWithin = 3 * time.Minute

// TestTheTypeScriptClientWorksWithTheDaemons runs the client's own tests, and its example, against a
// worker and a monitor.
func TestTheTypeScriptClientWorksWithTheDaemons(t *testing.T) {
	needNode(t)
	startYard(t).run(t, "typescript", "sh", "-c", "node --test test/*.test.js")
}

// TestTheTypesOfTheTypeScriptClientAreThoseOfItsCalls compiles what typed callers write.
func TestTheTypesOfTheTypeScriptClientAreThoseOfItsCalls(t *testing.T) {
	if _, err := exec.LookPath("tsc"); err != nil {
		t.Skip("tsc is not installed: apt-get install node-typescript, or run make test, which does")
	}
	run(t, "typescript", nil, "tsc", "-p", ".")
}

// TestTheTypeScriptClientIsPackedWhole holds the package to what it imports: nothing is left out, and
// nothing else is in it.
func TestTheTypeScriptClientIsPackedWhole(t *testing.T) {
	needNode(t)
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed: it comes with Node, or by apt-get install npm")
	}
	to := t.TempDir()
	run(t, "typescript", nil, "npm", "pack", "--silent", "--offline", "--ignore-scripts", "--pack-destination", to)
	packed, err := filepath.Glob(filepath.Join(to, "switchyard-client-*.tgz"))
	if err != nil || len(packed) != 1 {
		t.Fatalf("npm pack made %v, %v", packed, err)
	}
	in := filepath.Join(to, "node_modules", "switchyard-client")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, to, nil, "tar", "-xzf", packed[0], "-C", in, "--strip-components=1")
	out := run(t, to, nil, "node", "--input-type=module", "-e", `
		import { Switchyard, Problem } from "switchyard-client"
		console.log(typeof new Switchyard({ url: "http://127.0.0.1:1" }).send, Problem.name)`)
	if out != "function Problem\n" {
		t.Errorf("the packed client says %q", out)
	}
	if _, err := os.Stat(filepath.Join(in, "test")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the tests are packed: %v", err)
	}
}

// needNode skips a test where there is no Node that the client supports.
func needNode(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "node", "--version").Output()
	if err != nil {
		t.Skip("node is not installed: apt-get install nodejs, or run make test, which does")
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "v%d.%d", &major, &minor); err != nil || major < 20 || major == 20 && minor < 3 {
		t.Skipf("the client needs Node 20.3 or newer, and here is %s", out)
	}
}

// run runs a command to its end in a directory, and returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodeWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // what the tests say
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var told strings.Builder
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, told.String())
	}
	return string(out)
}

// yard is a worker and a monitor on a private Redis.
type yard struct {
	dir, config, redis string
	url, token         string
}

// startYard runs them until the test ends. more is added to their configuration.
func startYard(t *testing.T, more ...string) *yard {
	t.Helper()
	dir, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	agents, err := filepath.Abs("typescript/test")
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{dir: dir, config: filepath.Join(t.TempDir(), "switchyard.yaml"), redis: "redis://" + redistest.Server(t).Addr + "/0"}
	text := fmt.Sprintf(nodeConfig, agents) + strings.Join(more, "\n")
	if err := os.WriteFile(y.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	y.start(t, "worker")
	y.url = y.start(t, "monitor")
	y.token = strings.TrimSpace(run(t, ".", y.settings(), filepath.Join(dir, "switchyard"), "token", "make", "tests", "--scope", "admin"))
	return y
}

func (y *yard) settings() []string {
	return []string{"SWITCHYARD_CONFIG=" + y.config, "SWITCHYARD_REDIS_URL=" + y.redis, "SWITCHYARD_FETCHER_ALLOW_PRIVATE=true"}
}

// run runs a command that asks the API.
func (y *yard) run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	return run(t, dir, []string{"SWITCHYARD_API=" + y.url, "SWITCHYARD_TOKEN=" + y.token}, name, args...)
}

// start runs a daemon until the test ends, and returns its address once it is ready.
func (y *yard) start(t *testing.T, daemon string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(y.dir, daemon), "--listen", "127.0.0.1:0", "--log-format", "json") //nolint:gosec // one of ours
	cmd.Env = append(os.Environ(), y.settings()...)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() { readLog(out, told) })
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", daemon, err)
		}
	})
	select {
	case at := <-told:
		awaitReady(t, "http://"+at)
		return "http://" + at
	case <-time.After(nodeWithin):
		t.Fatalf("%s does not say where it listens", daemon)
		return ""
	}
}

// readLog reads a daemon's log to its end, and tells where it listens.
func readLog(log io.Reader, told chan<- string) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Listen, URL string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		if url := cmp.Or(line.URL, line.Listen); url != "" && len(told) == 0 {
			told <- strings.Trim(strings.TrimPrefix(url, "http://"), "/")
		}
	}
	_, _ = io.Copy(io.Discard, log)
}

func awaitReady(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodeWithin)
	defer cancel()
	for look := time.NewTicker(50 * time.Millisecond); ; {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				look.Stop()
				return
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("%s is not ready: %v", url, err)
		}
	}
}
