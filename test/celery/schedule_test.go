package celery

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// office is a schedule in one database of a Redis, and a broker of Celery in another.
type office struct {
	t        *testing.T
	commands string
	config   string
	url      string // of the broker
	broker   redis.UniversalClient
}

// says returns the lines of a schedule that do not depend on when it begins.
func says(schedule string) func() string { return func() string { return schedule } }

const kinds = `
redis: {url: "redis://%[1]s/0", prefix: "desk:"}
celery:
  broker: redis://%[1]s/1
  default_queue: house
  routes: {"app.tasks.t*": touched}
  kinds:
    cleanup: {task: app.tasks.cleanup, args: [days, dry], runtime: python}
    touch: {task: app.tasks.touch, runtime: python, priority: 6}
schedule:
%[2]s
`

// newOffice returns an office with the lines of a schedule, which are asked for once the commands are there.
func newOffice(t *testing.T, schedule func() string) *office {
	t.Helper()
	commands, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	addr := redistest.Server(t).Addr
	o := &office{t, commands, filepath.Join(t.TempDir(), "switchyard.yaml"), "redis://" + addr + "/1", redistest.Connect(t, "redis://"+addr+"/1")}
	if err := os.WriteFile(o.config, fmt.Appendf(nil, kinds, addr, schedule()), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// start starts a command that runs until the test ends, or is killed.
func (o *office) start(name string, args ...string) *exec.Cmd {
	o.t.Helper()
	command := exec.Command(name, args...) //nolint:gosec // what a test says
	command.Env = append(os.Environ(), "SWITCHYARD_CONFIG="+o.config)
	command.Dir = "testdata"
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if o.t.Failed() {
			o.t.Logf("%s said:\n%.4000s", name, said.String())
		}
	})
	return command
}

func (o *office) scheduler() *exec.Cmd {
	return o.start(filepath.Join(o.commands, "scheduler"), "--listen", "127.0.0.1:0")
}

// switchyard runs a command, and returns what it prints and says.
func (o *office) switchyard(args ...string) (string, error) {
	command := exec.CommandContext(o.t.Context(), filepath.Join(o.commands, "switchyard"), args...) //nolint:gosec // what a test says
	command.Env = append(os.Environ(), "SWITCHYARD_CONFIG="+o.config)
	said, err := command.CombinedOutput()
	return string(said), err
}

// await waits until done, which asks Redis, or the test fails.
func (o *office) await(what string, done func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("after a minute there is still not %s", what)
		}
	}
}

// performed is what a worker of Celery has performed.
type performed struct {
	ID, Root, Queue, Expires, Origin string
	Args                             []any
	Kwargs                           map[string]any
}

func (o *office) performed() (all []performed) {
	o.t.Helper()
	for _, line := range o.broker.LRange(o.t.Context(), "performed", 0, -1).Val() {
		var p performed
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			o.t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// idOf returns the id that the task of a name has in Celery.
func idOf(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("desk:"+name)).String()
}

func TestAWorkerOfCeleryPerformsWhatTheSchedulerSends(t *testing.T) {
	o := newOffice(t, says(`
  once: {spec: "@every 1s", max_runs: 1, kind: cleanup, payload: {days: 3, dry: true, where: "ü"}, expires: 1h}
  touch: {spec: "@every 1s", max_runs: 2, kind: touch, payload: {big: 12345678901234567890, deep: {a: [1, null]}}}
  late: {spec: "@every 1s", max_runs: 1, kind: cleanup, queue: Late.Q, payload: {days: 1}, expires: 1s}
  by-hand: {spec: "0 0 1 1 *", kind: cleanup, payload: {days: 9}}
`))
	o.scheduler()
	o.await("a message in the list of its entry", func() bool { return o.broker.LLen(t.Context(), "Late.Q").Val() == 1 })
	if said, err := o.switchyard("schedule", "run", "by-hand"); err != nil || !strings.Contains(said, `"queue": "celery:house"`) {
		t.Errorf("run by hand: %v\n%s", err, said)
	}
	time.Sleep(1500 * time.Millisecond) // it expires
	o.start(python, "performer.py", o.url, "house,touched,Late.Q")
	o.await("four tasks performed, and the late one revoked", func() bool {
		late := o.broker.Get(t.Context(), "celery-task-meta-"+o.lastTask("late")).Val()
		return len(o.performed()) >= 4 && strings.Contains(late, "REVOKED")
	})
	all := map[string]performed{}
	for _, p := range o.performed() {
		all[p.ID] = p
		if p.Root != p.ID || !strings.HasPrefix(p.Origin, "switchyard") {
			t.Errorf("performed %+v", p)
		}
	}
	if len(all) != 4 {
		t.Errorf("performed %d tasks, want 4: %v", len(all), all)
	}
	once := all[o.lastTask("once")]
	if fmt.Sprintf("%v %v %s", once.Args, once.Kwargs, once.Queue) != "[3 true] map[where:ü] house" {
		t.Errorf("performed %+v", once)
	}
	if at, err := time.Parse(time.RFC3339, once.Expires); err != nil || time.Until(at) > time.Hour || time.Until(at) < 59*time.Minute {
		t.Errorf("it expires at %q, %v", once.Expires, err)
	}
	if p := all[o.lastTask("touch")]; fmt.Sprintf("%v %v %s %q", p.Args, p.Kwargs, p.Queue, p.Expires) != `[] map[big:1.2345678901234567e+19 deep:map[a:[1 <nil>]]] touched ""` {
		t.Errorf("performed %+v", p)
	}
	if said, err := o.switchyard("schedule", "show", "once"); err != nil || !strings.Contains(said, o.lastTask("once")+" in celery:house: succeeded") {
		t.Errorf("show: %v\n%s", err, said)
	}
}

// lastTask returns the id of the last task of an entry, as the schedule tells and as it follows from its
// last tick.
func (o *office) lastTask(entry string) string {
	o.t.Helper()
	said, err := o.switchyard("--json", "schedule", "show", entry)
	if err != nil {
		o.t.Fatalf("%v\n%s", err, said)
	}
	var shown struct {
		Books struct {
			Last     time.Time `json:"last"`
			LastTask string    `json:"last_task"`
		} `json:"books"`
	}
	if err := json.Unmarshal([]byte(said), &shown); err != nil {
		o.t.Fatalf("%v\n%s", err, said)
	}
	if want := idOf(entry + "@" + shown.Books.Last.UTC().Format("20060102T150405Z")); shown.Books.LastTask != want {
		o.t.Errorf("the last task of %s is %s, want %s", entry, shown.Books.LastTask, want)
	}
	return shown.Books.LastTask
}

// TestAMessageIsOneOfCelerysBeat compares the message of the scheduler with that of Celery's beat.
func TestAMessageIsOneOfCelerysBeat(t *testing.T) {
	o := newOffice(t, says(`
  nightly: {spec: "@every 1s", max_runs: 1, kind: cleanup, queue: beat, payload: {days: 3, dry: true, where: "ü", deep: {a: [1, null]}}, expires: 90s}
`))
	theirs := parts(t, judge(t, nil, "beat.py", o.url))
	o.broker.Del(t.Context(), "beat")
	o.scheduler()
	o.await("a message", func() bool { return o.broker.LLen(t.Context(), "beat").Val() == 1 })
	ours := parts(t, []byte(o.broker.LIndex(t.Context(), "beat", 0).Val()))
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		switch name {
		case "headers.id", "headers.root_id", "headers.expires", "headers.origin", "properties.correlation_id", "properties.reply_to", "properties.delivery_tag":
			if _, text := ours[name].(string); !text { // of each message its own
				t.Errorf("%s is %v, want a text such as %v", name, ours[name], theirs[name])
			}
		case "headers.argsrepr": // where a caller gives a tuple and beat a list
		case "properties.expiration": // which no Redis looks at
		case "headers.kwargsrepr": // in another order
			if len(fmt.Sprint(ours[name])) != len(fmt.Sprint(theirs[name])) {
				t.Errorf("%s is %v, Celery's %v", name, ours[name], theirs[name])
			}
		default:
			if fmt.Sprint(ours[name]) != fmt.Sprint(theirs[name]) {
				t.Errorf("%s is %v, Celery's %v", name, ours[name], theirs[name])
			}
		}
		delete(ours, name)
	}
	if len(ours) > 0 {
		t.Errorf("Celery's has no %v", ours)
	}
}

// parts returns what a message has, by name.
func parts(t *testing.T, message []byte) map[string]any {
	t.Helper()
	var m struct {
		Body       string
		Headers    map[string]any
		Properties map[string]any
		Encoding   string `json:"content-encoding"`
		Type       string `json:"content-type"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatalf("%v: %s", err, message)
	}
	body, err := base64.StdEncoding.DecodeString(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	var content any
	if err := json.Unmarshal(body, &content); err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"body": content, "encoding": m.Encoding, "type": m.Type}
	for name, value := range m.Headers {
		all["headers."+name] = value
	}
	for name, value := range m.Properties {
		all["properties."+name] = value
	}
	return all
}
