package celery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

const governed = `
redis: {url: "redis://%[1]s/0", prefix: "desk:"}
queues: {default: {concurrency: 1}}
celery:
  broker: redis://%[1]s/1
  queues: [reports]
  routes: {"app.tasks.die": deadly, "app.tasks.*": reports}
  kinds:
    report_build: {task: app.tasks.build, args: [pages], runtime: celery}
    report_fail: {task: app.tasks.fail, runtime: celery}
    report_die: {task: app.tasks.die, runtime: celery}
policies:
  report_fail: {retries: 1, retry_delay: 1s}
  report_die: {retries: 1, retry_delay: 1s, soft_limit: 0s, hard_limit: 1s}
`

// newGovernor returns an office whose workers have Celery's perform tasks.
func newGovernor(t *testing.T) *office {
	t.Helper()
	commands, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	addr := redistest.Server(t).Addr
	o := &office{t, commands, filepath.Join(t.TempDir(), "switchyard.yaml"), "redis://" + addr + "/1", redistest.Connect(t, "redis://"+addr+"/1")}
	if err := os.WriteFile(o.config, fmt.Appendf(nil, governed, addr), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) worker() *exec.Cmd {
	return o.start(filepath.Join(o.commands, "worker"), "--listen", "127.0.0.1:0")
}

// send sends a task and returns its ID.
func (o *office) send(kind, payload string) string {
	o.t.Helper()
	said, err := o.switchyard("enqueue", kind, payload)
	var receipt struct{ ID string }
	if err := errors.Join(err, json.Unmarshal([]byte(said), &receipt)); err != nil {
		o.t.Fatalf("%v\n%s", err, said)
	}
	return receipt.ID
}

// shows waits until what is shown of a task has all the texts.
func (o *office) shows(id string, texts ...string) {
	o.t.Helper()
	said := ""
	o.await(fmt.Sprintf("%v in %s", texts, id), func() bool {
		said, _ = o.switchyard("--json", "task", "show", id)
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(said, text) })
	})
}

// noted returns how often Celery's workers have noted something.
func (o *office) noted(what string) (n int) {
	for _, line := range o.broker.LRange(o.t.Context(), "noted", 0, -1).Val() {
		if strings.HasPrefix(line, what+" ") {
			n++
		}
	}
	return n
}

func TestCelerysWorkersPerformWhatSwitchyardGoverns(t *testing.T) {
	o := newGovernor(t)
	ours := o.worker()
	o.start(python, "governed.py", o.url, "reports.py")
	t.Run("result and progress", func(*testing.T) {
		id := o.send("report_build", `{"pages":5,"title":"ü"}`)
		o.shows(id, `"state": "parked"`, `"page": `)
		o.shows(id, `"state": "succeeded"`, `"title": "`, `"page": 5`)
	})
	t.Run("failure and retry", func(t *testing.T) {
		id := o.send("report_fail", `{}`)
		o.shows(id, `"state": "failed"`, `"attempt 2, the last: ValueError: no, 3"`)
		if n := o.noted("failed"); n != 2 {
			t.Errorf("it was performed %d times, want 2", n)
		}
	})
	t.Run("cancelled while it runs", func(t *testing.T) {
		begun, done := o.noted("begun"), o.noted("done")
		id := o.send("report_build", `{"pages":100}`)
		o.await("its begin", func() bool { return o.noted("begun") == begun+1 })
		if said, err := o.switchyard("task", "cancel", "default/"+id); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		celerys := o.lastNoted("begun")
		o.await("its end in Celery", func() bool {
			return strings.Contains(o.broker.Get(t.Context(), "celery-task-meta-"+celerys).Val(), `"status": "REVOKED"`)
		})
		o.shows(id, `"state": "cancelled"`)
		if n := o.noted("done"); n != done {
			t.Error("it came to its end in Celery")
		}
	})
	t.Run("our worker killed while Celery's works", func(t *testing.T) {
		begun := o.noted("begun")
		id := o.send("report_build", `{"pages":10,"title":"survives"}`)
		o.await("its begin", func() bool { return o.noted("begun") == begun+1 })
		_ = ours.Process.Kill()
		done := o.noted("done")
		o.await("its end in Celery", func() bool { return o.noted("done") == done+1 })
		o.worker()
		o.shows(id, `"state": "succeeded"`, `"survives"`)
		if n := o.noted("begun"); n != begun+1 {
			t.Errorf("it was performed %d times", n-begun)
		}
	})
	t.Run("a client of Celery that knows nothing of it", func(t *testing.T) {
		if said := string(judge(t, nil, "governed.py", o.url, "ask")); said != "{'pages': 3, 'title': 'ü'} True SUCCESS\n" {
			t.Errorf("it sees %s", said)
		}
	})
}

// lastNoted returns the id of the task of Celery that has noted something last.
func (o *office) lastNoted(what string) (id string) {
	for _, line := range o.broker.LRange(o.t.Context(), "noted", 0, -1).Val() {
		if one, found := strings.CutPrefix(line, what+" "); found {
			id = one
		}
	}
	return id
}

// TestATaskOutlivesTheWorkerOfCeleryThatWasKilledWithIt waits until a result is overdue, which takes a
// minute.
func TestATaskOutlivesTheWorkerOfCeleryThatWasKilledWithIt(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes more than a minute")
	}
	t.Parallel()
	o := newGovernor(t)
	o.worker()
	first := o.start("setsid", python, "governed.py", o.url, "deadly.py")
	id := o.send("report_die", `{}`)
	o.await("its begin", func() bool { return o.noted("dies") == 1 })
	_ = syscall.Kill(-first.Process.Pid, syscall.SIGKILL) // with its children
	begun := time.Now()
	o.start(python, "governed.py", o.url, "deadly.py")
	o.shows(id, `"state": "parked"`)
	time.Sleep(55 * time.Second)
	o.shows(id, `"state": "succeeded"`, `"retried": 1`)
	t.Logf("it was tried again after %s", time.Since(begun).Round(time.Second))
}
