package deploy

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// patience bounds how long a test waits for other processes, which signal nothing to it.
const patience = time.Minute

// await asks again and again until ok holds. last says how far it got.
func await(t *testing.T, what string, ok func() (last string, held bool)) {
	t.Helper()
	last, held := ok()
	for deadline := time.Now().Add(patience); !held; last, held = ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s; last: %.2000s", what, patience, last)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// get returns a page, or why there is none.
func get(url string) (string, bool) {
	response, err := client.Get(url)
	if err != nil {
		return err.Error(), false
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err == nil && response.StatusCode == http.StatusOK
}

// rig is a deployment of built daemons on a private redis-server.
type rig struct {
	t       *testing.T
	environ []string
	daemons map[string]*daemon
}

// daemon is one of its processes.
type daemon struct {
	address string
	process *exec.Cmd
}

const configuration = `
fetcher: {allow_private: true, politeness: {robots: false, spacing: 100ms}}
models:
  local: {api: openai-chat, model: none, base_url: "http://127.0.0.1:9/v1"}
agents:
  scout: {runtime: rank}
  slow: {runtime: exec, command: [/bin/sleep, "600"]}
`

func newRig(t *testing.T) *rig {
	file := filepath.Join(t.TempDir(), "switchyard.yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := append(os.Environ(), "SWITCHYARD_CONFIG="+file, "SWITCHYARD_REDIS_URL=redis://"+redistest.Server(t).Addr, "SWITCHYARD_LOG_FORMAT=json")
	return &rig{t: t, environ: environ, daemons: map[string]*daemon{}}
}

var said = regexp.MustCompile(`"(?:listen|url)":"(?:http://)?([^"/]+)`)

// start starts a command under a name, and waits until it has said its address.
func (r *rig) start(name, command string, environ ...string) *daemon {
	r.t.Helper()
	log, err := os.Create(filepath.Join(r.t.TempDir(), name))
	if err != nil {
		r.t.Fatal(err)
	}
	d := &daemon{process: exec.Command(filepath.Join(binaries, command), "--listen", "127.0.0.1:0")}
	d.process.Env = slices.Concat(r.environ, environ)
	d.process.Stdout, d.process.Stderr = log, log
	if err := d.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	_ = log.Close() // the process has its own
	r.daemons[name] = d
	r.t.Cleanup(d.stop)
	await(r.t, name, func() (string, bool) {
		text, _ := os.ReadFile(log.Name())
		found := said.FindSubmatch(text)
		if found != nil {
			d.address = string(found[1])
		}
		return string(text), found != nil
	})
	await(r.t, name, func() (string, bool) { return get("http://" + d.address + "/readyz") })
	return d
}

// stop ends the process. Stopping a stopped one does nothing.
func (d *daemon) stop() {
	if d.process.ProcessState != nil {
		return
	}
	_ = d.process.Process.Signal(syscall.SIGINT)
	killing := time.AfterFunc(patience, func() { _ = d.process.Process.Kill() })
	defer killing.Stop()
	_ = d.process.Wait()
}

// do runs the command line.
func (r *rig) do(args ...string) string {
	r.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "switchyard"), args...)
	cmd.Env = r.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("switchyard %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// awaitState waits until a task has a state.
func (r *rig) awaitState(task, state string) {
	r.t.Helper()
	await(r.t, task+" is "+state, func() (string, bool) {
		shown := r.do("task", "show", task)
		return shown, strings.Contains(shown, `"state": "`+state+`"`)
	})
}
