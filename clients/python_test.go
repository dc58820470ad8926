// Package clients has the clients of the HTTP API in other languages, and tests that run each against
// the built daemons.
package clients

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// pythonSettings has the agent with which the tests of the client work. Its program is beside them.
const pythonSettings = `
fetcher: {allow_private: true}
queues: {agents: {concurrency: 4, per_user: 4}}
agents:
  probe: {runtime: exec, command: [python3, probe.py], dir: DIR, env: [PATH]}
policies:
  agent_probe: {retries: 0}
`

// TestThePythonClientWorksAsItIsInstalled installs the package, then runs its own tests and examples against a worker
// and a monitor.
func TestThePythonClientWorksAsItIsInstalled(t *testing.T) {
	t.Parallel()
	python := pythonWith(t, "setuptools", "wheel", "pip", "httpx", "pytest", "fastapi", "mypy")
	source := filepath.Join(t.TempDir(), "python") // building writes beside the sources
	if err := os.CopyFS(source, os.DirFS("python")); err != nil {
		t.Fatal(err)
	}
	installed := t.TempDir()
	run := func(environ []string, args ...string) {
		t.Helper()
		command := exec.Command(python, args...)
		command.Dir = source
		command.Env = append(os.Environ(), environ...)
		out, err := command.CombinedOutput()
		t.Logf("%s\n%s", strings.Join(args, " "), out)
		if err != nil {
			t.Fatal(err)
		}
	}
	run(nil, "tools/make_sync.py", "--check")
	run(nil, "-m", "mypy", "--cache-dir", t.TempDir())
	run(nil, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--root-user-action=ignore", "--target", installed, ".")
	if err := os.RemoveAll(filepath.Join(source, "src")); err != nil { // what is tested is what is installed
		t.Fatal(err)
	}
	address, token := pythonDaemons(t, filepath.Join(source, "tests"))
	run([]string{"PYTHONPATH=" + installed, "SWITCHYARD_API=http://" + address, "SWITCHYARD_TOKEN=" + token}, "-m", "pytest")
}

// pythonWith returns a Python that has modules. The system's has Debian's packages, which another one
// that comes first in the path has not.
func pythonWith(t *testing.T, modules ...string) string {
	t.Helper()
	var why []byte
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		out, err := exec.Command(python, "-c", "import "+strings.Join(modules, ", ")).CombinedOutput()
		if err == nil {
			return python
		}
		why = out
	}
	t.Fatalf("no Python has %v: run make test, which installs them\n%s", modules, why)
	return ""
}

// pythonDaemons starts a worker and a monitor on a private redis-server, and returns the monitor's
// address with a token that may do everything.
func pythonDaemons(t *testing.T, agents string) (address, token string) {
	t.Helper()
	binaries, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	file := filepath.Join(t.TempDir(), "switchyard.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(pythonSettings, "DIR", agents, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := append(os.Environ(), "SWITCHYARD_CONFIG="+file, "SWITCHYARD_REDIS_URL=redis://"+redistest.Server(t).Addr, "SWITCHYARD_LOG_FORMAT=json")
	pythonDaemon(t, environ, filepath.Join(binaries, "worker"))
	address = pythonDaemon(t, environ, filepath.Join(binaries, "monitor"))
	command := exec.Command(filepath.Join(binaries, "switchyard"), "token", "make", "tests", "--scope", "admin")
	command.Env = environ
	text, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return address, strings.TrimSpace(string(text))
}

var pythonListens = regexp.MustCompile(`"(?:listen|url)":"(?:http://)?([^"/]+)`)

// pythonDaemon starts a daemon until the test ends, and returns its address once it is ready.
func pythonDaemon(t *testing.T, environ []string, command string) string {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command(command, "--listen", "127.0.0.1:0")
	daemon.Env, daemon.Stdout, daemon.Stderr = environ, log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	_ = log.Close() // the daemon has its own
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	})
	address := ""
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // another process signals nothing
		text, _ := os.ReadFile(log.Name())
		if found := pythonListens.FindSubmatch(text); found != nil {
			address = string(found[1])
		}
		if answer, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return address
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready: %s", command, text)
		}
	}
}
