package door

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// python is Debian's: it has the packages of Celery.
const python = "/usr/bin/python3"

// form is how an application and its Redis are configured.
type form struct {
	broker, backend  string // databases
	prefix, extended bool
	durable          bool // Redis keeps what it has confirmed, also when it is killed
	slots            int
	more             string // of the configuration
}

// rig is a Redis, with workers of ours and of Celery's on it.
type rig struct {
	t       testing.TB
	redis   *redistest.Process
	client  redis.UniversalClient // of the broker
	dir     string
	config  string
	environ []string
}

const configuration = `
redis: {url: "redis://%[1]s/0"}
worker: {listen: "127.0.0.1:0", drain: 5s}
queues:
  scraping: {concurrency: %[2]d}
celery:
  broker: redis://%[1]s/%[3]s
  backend: redis://%[1]s/%[4]s
  queues: [scraping, celery]
  result_expires: 1h
  track_started: true
  result_extended: %[5]t
  key_prefix: %[6]q
  routes: {"app.go.*": scraping, "app.py.*": py}
  kinds:
    scrape_echo: {task: app.go.echo, args: [x, y]}
    scrape_add: {task: app.go.add, args: [x, y]}
    scrape_total: {task: app.go.total, args: [xs, y]}
    scrape_fail: {task: app.go.fail, args: [text]}
    scrape_flaky: {task: app.go.flaky, args: [fails]}
    scrape_nap: {task: app.go.nap, args: [seconds]}
    scrape_steps: {task: app.go.steps, args: [n]}
    scrape_mark: {task: app.go.mark, args: [file, text, seconds]}
%[7]s
`

func newRig(t testing.TB, f form) *rig {
	t.Helper()
	var args []string
	if f.durable {
		args = []string{"--appendonly", "yes", "--appendfsync", "always"}
	}
	server := redistest.Server(t, args...)
	r := &rig{t: t, redis: server, dir: t.TempDir(), client: redistest.Connect(t, "redis://"+server.Addr+"/"+f.broker)}
	prefix := ""
	if f.prefix {
		prefix = "app:"
	}
	r.config = filepath.Join(r.dir, "switchyard.yaml")
	text := fmt.Sprintf(configuration, server.Addr, cmp.Or(f.slots, 4), f.broker, f.backend, f.extended, prefix, f.more)
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.environ = append(os.Environ(),
		"BROKER=redis://"+server.Addr+"/"+f.broker, "BACKEND=redis://"+server.Addr+"/"+f.backend, "PREFIX="+prefix, "DIR="+r.dir, "PYTHONDONTWRITEBYTECODE=1", fmt.Sprintf("EXTENDED=%t", f.extended))
	return r
}

// process is a worker that was started.
type process struct {
	*exec.Cmd
	lines chan string
	mu    sync.Mutex // guards out
	out   bytes.Buffer
}

// start starts a program and returns once it has written a line with the text.
func (r *rig) start(ready string, environ []string, args ...string) *process {
	r.t.Helper()
	p := &process{Cmd: exec.Command(args[0], args[1:]...), lines: make(chan string, 1)} //nolint:gosec // what a test says
	p.Env, p.Dir = environ, "testdata"
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := p.StderrPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		r.t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		said := false
		for lines := bufio.NewReader(pipe); ; {
			line, err := lines.ReadString('\n')
			p.mu.Lock()
			p.out.WriteString(line)
			p.mu.Unlock()
			if !said && strings.Contains(line, ready) {
				said = true
				p.lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	r.t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(15*time.Second, func() { _ = p.Process.Kill() })
		<-read
		_ = p.Wait()
		timer.Stop()
		if r.t.Failed() {
			r.t.Logf("%v says\n%.20000s", args, p.said())
		}
	})
	select {
	case <-p.lines:
	case <-read:
		r.t.Fatalf("%v has ended:\n%s", args, p.said())
	case <-time.After(60 * time.Second):
		r.t.Fatalf("%v is not ready:\n%s", args, p.said())
	}
	return p
}

// said returns what a process has written.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// worker starts a worker of ours. ready is what it says once it is.
func (r *rig) worker(ready string) *process {
	r.t.Helper()
	return r.start(ready, append(r.environ, configVariable+"="+r.config), os.Args[0])
}

// onDuty is what the first of our workers says.
const onDuty = "on duty at the door of Celery"

// celery starts a worker of Celery's that takes what is passed on, and what only it performs.
func (r *rig) celery(slots int) *process {
	r.t.Helper()
	return r.start("ready.", r.environ, python, "-m", "celery", "-A", "app", "worker", "-Q", "py,scraping.py,celery.py", "-c", strconv.Itoa(slots), "-l", "INFO", "-n", "python@%h")
}

// judge has a client of Celery judge, case by case: those of testdata/judge.py whose names begin with
// the text.
func (r *rig) judge(t *testing.T, cases string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, python, "judge.py", cases) //nolint:gosec // what a test says
	command.Dir, command.Env = "testdata", r.environ
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	passed := 0
	for line := range strings.Lines(string(out)) {
		verdict, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, why, _ := strings.Cut(rest, " ")
		switch verdict {
		case "PASS":
			passed++
			t.Run(name, func(*testing.T) {})
		case "FAIL":
			t.Run(name, func(t *testing.T) { t.Error(strings.ReplaceAll(why, `\n`, "\n")) })
		}
	}
	if err != nil || passed == 0 && !r.t.Failed() {
		r.t.Fatalf("judge %s: %v, %d passed\n%s%s", cases, err, passed, out, complaints.String())
	}
}
