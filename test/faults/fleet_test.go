package faults

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startWithin bounds how long a process may take to say hello.
const startWithin = 30 * time.Second

// process is one daemon.
type process struct {
	name    string
	program string // that of its order
	cmd     *exec.Cmd
	address string // of its endpoint
	log     string // file
	killed  bool
	exited  chan struct{}
	err     error // of Wait, once it has exited
}

// startProcess starts a daemon as the order says, and returns once it has told
// the ledger its address. What is left of it ends with the test.
func startProcess(t *testing.T, l *ledger, o order) *process {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: o.Name, program: o.program, log: filepath.Join(t.TempDir(), o.Name+".log"), exited: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	p.cmd = exec.Command(cmp.Or(o.program, os.Args[0]))
	// A daemon built with the race detector would else sleep for a second on exit.
	p.cmd.Env = append(os.Environ(), orderVariable+"="+string(text), nameVariable+"="+o.Name, "GORACE=atexit_sleep_ms=0")
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if t.Failed() && !p.killed {
			t.Logf("last lines of %s:\n%s", p.name, p.logTail())
		}
		p.kill()
	})
	if !l.await(startWithin, func() bool { p.address = l.addresses[p.name]; return p.address != "" }) {
		t.Fatalf("%s did not start:\n%s", p.name, p.logTail())
	}
	return p
}

// kill ends the process with SIGKILL and returns when it is gone.
func (p *process) kill() {
	p.killed = true
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// alive reports whether the process runs.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// awaitExit returns an error unless it exits within d, with status 0.
func (p *process) awaitExit(d time.Duration) error {
	select {
	case <-p.exited:
		return p.err
	case <-time.After(d):
		return fmt.Errorf("%s did not exit within %s", p.name, d)
	}
}

// readiness returns the status of its readiness endpoint.
func (p *process) readiness() (int, error) {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + p.address + "/readyz")
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// errNotSoon is that a condition did not come to hold.
var errNotSoon = errors.New("not in time")

// eventually asks ok again and again until it holds, for at most d.
func eventually(d time.Duration, ok func() bool) error {
	for deadline := time.Now().Add(d); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %s", errNotSoon, d)
		}
	}
	return nil
}
