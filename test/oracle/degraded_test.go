package oracle

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// outage is how long a Redis is of no use: longer than a lease stays unrenewed without the
// handler being cut off, and longer than it stays so without the task being given away.
const outage = 15 * time.Second

// ward is a queue whose tasks hold until they are released.
type ward struct {
	*rig
	tally    *tally
	begun    chan string
	cut      chan error // why a handler was cut off
	release  chan struct{}
	returned chan string
}

// newWard returns a ward on a server of its own. Tasks with a text hold.
func newWard(t *testing.T, client redis.UniversalClient) *ward {
	t.Helper()
	w := &ward{tally: newTally(), begun: make(chan string, 1000), cut: make(chan error, 1000), release: make(chan struct{}), returned: make(chan string, 1000)}
	w.rig = newRig(t, client, routing.Patch{}, func(ctx context.Context, task *tasks.Task, p probe) (any, error) {
		w.tally.ran("ours", task.ID)
		w.begun <- task.ID
		defer func() { w.returned <- task.ID }()
		if p.Text == "" {
			return "done", nil
		}
		select {
		case <-w.release:
			return "done", nil
		case <-ctx.Done():
			w.cut <- context.Cause(ctx)
			return nil, ctx.Err()
		}
	})
	return w
}

// ends fails the test unless each of the tasks is done in time, and has run once.
func (w *ward) ends(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		world := &world{T: t, redis: w.redis}
		eventually(t, 30*time.Second, world.is(id, "completed"))
		if result := w.redis.HGet(t.Context(), format.TaskKey(routing.Agents, id), "result").Val(); result != `"done"` {
			t.Errorf("task %s has the result %q", id, result)
		}
		if runs := w.tally.of(id); runs != 1 {
			t.Errorf("task %s ran %d times", id, runs)
		}
	}
	select {
	case why := <-w.cut:
		t.Errorf("a handler was cut off: %v", why)
	default:
	}
}

// configure sets a parameter of a server.
func configure(t *testing.T, client redis.UniversalClient, name, value string) {
	t.Helper()
	if err := client.ConfigSet(t.Context(), name, value).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAFullRedisIsDrained(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t, redistest.Server(t, "--maxmemory-policy", "noeviction").Addr)
	w := newWard(t, client)
	w.add(t, probe{Text: "hold"}, tasks.Options{ID: "long"})
	ids := []string{"long"}
	for n := range 200 {
		id := fmt.Sprint("task-", n)
		w.add(t, probe{}, tasks.Options{ID: id})
		ids = append(ids, id)
	}
	unique := w.add(t, probe{}, tasks.Options{ID: "unique", Unique: time.Hour})
	later := w.add(t, probe{}, tasks.Options{ID: "later", At: time.Now().Add(2 * time.Second)})
	configure(t, client, "maxmemory", "1")
	if err := client.Set(t.Context(), "another", "one", 0).Err(); err == nil || !strings.HasPrefix(err.Error(), "OOM") {
		t.Fatalf("redis is not full: %v", err)
	}
	startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 4})
	w.ends(t, append(ids[1:], unique, later)...)
	select {
	case why := <-w.cut:
		t.Fatalf("a handler was cut off: %v", why)
	case <-time.After(outage): // its lease is renewed meanwhile
	}
	close(w.release)
	w.ends(t, ids...)
	w.noLoss(t)
	for _, line := range naming(w.lines(zap.WarnLevel), "cut_off") {
		t.Error(line)
	}
}

func TestAHandlerOutlivesARedisThatTakesNoWrites(t *testing.T) {
	for name, change := range map[string]struct {
		begin, end func(t *testing.T, client redis.UniversalClient)
	}{
		"without its replicas": {
			func(t *testing.T, client redis.UniversalClient) { configure(t, client, "min-replicas-to-write", "1") },
			func(t *testing.T, client redis.UniversalClient) { configure(t, client, "min-replicas-to-write", "0") },
		},
		"made a replica of a dead one": {
			func(t *testing.T, client redis.UniversalClient) { replicate(t, client, "127.0.0.1", "1") },
			func(t *testing.T, client redis.UniversalClient) { replicate(t, client, "no", "one") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Client(t, redistest.Server(t).Addr)
			w := newWard(t, client)
			startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 2})
			w.add(t, probe{Text: "hold"}, tasks.Options{ID: "long"})
			<-w.begun
			change.begin(t, client)
			select {
			case why := <-w.cut:
				t.Errorf("the handler was cut off, though nobody can take its task: %v", why)
			case <-time.After(outage):
			}
			close(w.release)
			<-w.returned // it is done while nothing can be written
			change.end(t, client)
			w.ends(t, "long")
			w.add(t, probe{}, tasks.Options{ID: "next"})
			w.ends(t, "next")
		})
	}
}

// replicate makes a server a replica; of no one, it is its own master again.
func replicate(t *testing.T, client redis.UniversalClient, host, port string) {
	t.Helper()
	if err := client.Do(t.Context(), "REPLICAOF", host, port).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAScriptThatFailsIsNotTakenForALostRedis(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		w := newWard(t, client)
		for _, d := range wrongKeys() {
			if d.slow || !strings.Contains(d.name, "stream") {
				continue
			}
			if err := d.do(t.Context(), client, routing.Agents, ""); err != nil {
				t.Fatal(err)
			}
		}
		startOurs(t, w.rig, lane.Options{Queue: routing.Agents, Concurrency: 1})
		p := &patient{hospital: &hospital{rig: w.rig}, queue: routing.Agents}
		ok := p.keepTrying(t, "a", time.Now().Add(patience), func(id string) error { return p.ours(t.Context(), id, tasks.Options{}, "") })
		if !ok {
			t.Error(p.wrong)
		}
		w.noLoss(t)
		if ok {
			close(w.release)
			w.ends(t, "a")
		}
	})
}
