package faults

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// patience is how long a run may stand still before it counts as stuck: far more than
// the 12 seconds until a lost task is given to another worker.
const patience = time.Minute

// rig is a system under test: workers as processes, the way they reach Redis, and the
// ledger they report to. Its methods belong to the test's goroutine.
type rig struct {
	t      *testing.T
	random *rand.Rand // the faults are drawn from it
	ledger *ledger
	system *app.System // the producer's, straight to Redis
	order  order       // of its workers, but for their names
	notify []tasks.Hook
	places map[string]string // of members of a batch, by task
	began  time.Time

	workers  []*process        // those that should be alive
	programs map[string]string // of all that were started, by name
	started  int
	history  history
	outages  int

	sending sync.WaitGroup
	sent    []string // task IDs
}

// newRig starts n workers that reach Redis at workersURL. The producer uses url.
func newRig(t *testing.T, n int, url, workersURL string) *rig {
	t.Helper()
	system, err := app.Open(configuration(url, 0), zap.NewNop(), errands(recorder{})...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	r := &rig{
		t: t, random: drawFrom(t.Name()), ledger: newLedger(), system: system, began: time.Now(), history: newHistory(), programs: map[string]string{},
	}
	t.Cleanup(r.sending.Wait)
	r.order = order{Record: r.ledger.listen(t), Redis: workersURL, Drain: 10 * time.Second}
	for range n {
		r.startWorker()
	}
	return r
}

// drawFrom returns the generator of a test: the seed's, but another one for each test.
func drawFrom(test string) *rand.Rand {
	h := fnv.New64()
	_, _ = h.Write([]byte(test))
	return rand.New(rand.NewPCG(*seed, h.Sum64()))
}

// server starts a Redis that has written down what it acknowledges.
func server(t *testing.T) *redistest.Process {
	return redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
}

func (r *rig) startWorker() {
	r.t.Helper()
	r.startWorkerOf(r.order.program)
}

// startWorkerOf starts a worker of a release.
func (r *rig) startWorkerOf(program string) {
	r.t.Helper()
	r.started++
	o := r.order
	o.program = program
	o.Name = fmt.Sprintf("w%d", r.started)
	r.programs[o.Name] = program
	r.workers = append(r.workers, startProcess(r.t, r.ledger, o))
}

// killAWorker kills a worker, and starts another one in its place.
func (r *rig) killAWorker() {
	r.t.Helper()
	r.replace(r.workers[r.random.IntN(len(r.workers))])
}

// replace kills a worker in the middle of an attempt, if it is given one soon, and starts another one of its
// release in its place.
func (r *rig) replace(p *process) {
	r.t.Helper()
	r.ledger.await(2*time.Second, func() bool { return r.ledger.performs(p.name) })
	r.history.killed[p.name] = time.Now()
	p.kill()
	r.forget(p)
	r.startWorkerOf(p.program)
}

// forget takes a worker that has ended out of the fleet.
func (r *rig) forget(p *process) {
	r.workers = slices.DeleteFunc(slices.Clone(r.workers), func(q *process) bool { return q == p })
}

// outage does what takes Redis away from the workers given and brings it back.
func (r *rig) outage(workers []*process, do func()) {
	r.outages++
	from := time.Now()
	do()
	for _, p := range workers {
		r.history.outages = append(r.history.outages, outage{p.name, from, time.Now()})
	}
}

// restart kills Redis and starts it again after a while.
func (r *rig) restart(server *redistest.Process, after time.Duration) {
	r.t.Helper()
	r.outage(r.workers, func() {
		server.Stop()
		time.Sleep(after)
		r.revive(server)
	})
}

func (r *rig) revive(server *redistest.Process) {
	r.t.Helper()
	if err := server.Start(); err != nil {
		r.t.Fatal(err)
	}
}
