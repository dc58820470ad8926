package celery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// root is where the example is started, as its README says.
const root = "../.."

// move is the application of examples/celery on its way, never changed.
type move struct {
	t        *testing.T
	commands string
	environ  []string
	page     string
}

func newMove(t *testing.T) *move {
	t.Helper()
	commands, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, "<html><head><title>A page</title></head><body><p>There is something to read in here.</p></body></html>")
	}))
	t.Cleanup(page.Close)
	url := "redis://" + redistest.Server(t).Addr + "/0"
	return &move{t, commands, []string{"REDIS_URL=" + url, "SWITCHYARD_REDIS_URL=" + url, "PYTHONDONTWRITEBYTECODE=1"}, page.URL + "/"}
}

// command returns a command in a directory of the repository, with the configuration of a step.
func (m *move) command(step, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(m.t.Context(), name, args...) //nolint:gosec // what a test says
	c.Dir, c.Env = filepath.Join(root, dir), append(os.Environ(), m.environ...)
	c.Env = append(c.Env, "SWITCHYARD_CONFIG=examples/celery/steps/"+step+".yaml")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// start starts a command, and returns what stops it in good order.
func (m *move) start(c *exec.Cmd) (stop func()) {
	m.t.Helper()
	said, err := os.CreateTemp(m.t.TempDir(), "said")
	if err != nil {
		m.t.Fatal(err)
	}
	c.Stdout, c.Stderr = said, said
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	if err := c.Start(); err != nil {
		m.t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Wait()
			_ = said.Close()
		}
	}
	m.t.Cleanup(func() {
		stop()
		if text, _ := os.ReadFile(said.Name()); m.t.Failed() {
			m.t.Logf("%v said:\n%.6000s", c.Args, text)
		}
	})
	return stop
}

// worker starts a worker of ours.
func (m *move) worker(step string) (stop func()) {
	return m.start(m.command(step, ".", filepath.Join(m.commands, "worker"), "--queues", "scraping=4,agents=2,briefings=2", "--listen", "127.0.0.1:0"))
}

// python runs a program of the example.
func (m *move) python(args ...string) string {
	m.t.Helper()
	out, err := m.command("0-look", "examples/celery", python, args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// control has Celery's workers take from queues, or not any more.
func (m *move) control(what string, queues ...string) {
	m.t.Helper()
	for _, queue := range queues {
		m.python("-m", "celery", "-A", "app", "control", what, queue)
	}
}

// check returns what the command says of the broker in a step, once it is the text, or fails.
func (m *move) check(step, text string) {
	m.t.Helper()
	var said []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		said, _ = m.command(step, ".", filepath.Join(m.commands, "switchyard"), "celery", "check").CombinedOutput()
		if strings.Contains(string(said), text) {
			return
		}
	}
	m.t.Fatalf("in step %s it is never said: %s\n%s", step, text, said)
}

// stream makes calls of the application until it is told to stop. It then waits for all of them, and
// returns what it says of them.
func (m *move) stream() (end func() string) {
	m.t.Helper()
	c := m.command("0-look", "examples/celery", python, "../../test/celery/testdata/stream.py")
	c.Env = append(c.Env, "PYTHONPATH=.")
	until, err := c.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		m.t.Fatal(err)
	}
	return func() string {
		_ = until.Close()
		if err := c.Wait(); err != nil {
			m.t.Errorf("the stream of calls: %v", err)
		}
		return said.String()
	}
}

// emptied waits until no task is left here that has not ended.
func (m *move) emptied() {
	m.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var queues []struct{ Waiting, Running, Scheduled, Retrying, Held int }
		if err := json.Unmarshal([]byte(m.switchyard("0-look", "--json", "queue", "list")), &queues); err != nil {
			m.t.Fatal(err)
		}
		left := 0
		for _, q := range queues {
			left += q.Waiting + q.Running + q.Scheduled + q.Retrying + q.Held
		}
		if left == 0 {
			return
		}
	}
	m.t.Fatal("tasks are left here after a minute")
}

// calls makes all calls of the application, and returns what became of them. Each briefing is another.
func (m *move) calls() string {
	m.t.Helper()
	return regexp.MustCompile(`(?m)^brief SUCCESS \{'briefing': '.+$`).ReplaceAllString(m.python("try_it.py", m.page), "brief SUCCESS")
}

// switchyard runs a command of ours, and returns what it prints.
func (m *move) switchyard(step string, args ...string) string {
	m.t.Helper()
	out, err := m.command(step, ".", filepath.Join(m.commands, "switchyard"), args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// performed returns how many tasks of a kind were performed here.
func (m *move) performed(kind string) int {
	m.t.Helper()
	return strings.Count(m.switchyard("3-queues", "task", "list", "--kind", kind, "--state", "succeeded"), kind)
}

func TestTheExampleMovesAndComesBackWithoutAChange(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	lists := []string{"agents", "briefings", "scraping", "celery"}
	var onward []string
	for _, list := range lists {
		onward = append(onward, list+".py")
	}
	want := fmt.Sprintf(`scrape SUCCESS {'url': '%s', 'title': 'A page'}
scout SUCCESS ada: go developer, redis developer
brief SUCCESS
export SUCCESS {'table': 'sales', 'days': 30, 'rows': 3000}
`, m.page)

	m.start(m.command("0-look", "examples/celery", python, "-m", "celery", "-A", "app", "worker", "-Q", strings.Join(lists, ","), "-c", "2", "-n", "old@%h"))
	m.check("0-look", "Nothing is wrong.")
	if got := m.calls(); got != want {
		t.Errorf("before:\n%s\nwant\n%s", got, want)
	}

	m.switchyard("0-look", "user", "set", "ada", "--topic", "redis")
	end := m.stream()
	m.control("add_consumer", onward...)
	m.check("3-queues", "Wrong: no worker of Switchyard is on duty")
	stop := m.worker("3-queues")
	m.check("3-queues", "Nothing is wrong.")
	m.control("cancel_consumer", lists...)
	m.check("3-queues", "takes from agents.py, briefings.py, celery.py, scraping.py.")
	if got := m.calls(); got != want {
		t.Errorf("after:\n%s\nwant\n%s", got, want)
	}
	for _, kind := range []string{"scrape_page", "briefing_generate"} {
		if n := m.performed(kind); n != 1 {
			t.Errorf("%s was performed %d times here, want once", kind, n)
		}
	}

	m.control("add_consumer", lists...)
	stop()
	stop = m.worker("0-look") // it performs what is here, and takes nothing
	m.emptied()
	stop()
	m.check("1-scheduler", "Nothing is wrong.")
	if said := end(); !regexp.MustCompile(`^\d+ calls, none lost\n$`).MatchString(said) {
		t.Errorf("of calls on the way there and back: %s", said)
	}
	if got := m.calls(); got != want {
		t.Errorf("back again:\n%s\nwant\n%s", got, want)
	}
	if n := m.performed("scrape_page"); n != 1 {
		t.Errorf("scrape_page was performed %d times here, want no other time", n)
	}
}
