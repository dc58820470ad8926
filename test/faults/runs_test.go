package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
)

// clerkUsers is how many users the clerks' runs are of.
const clerkUsers = 10

// numb is for how long a worker is stopped with SIGSTOP: its tasks are rescued meanwhile.
const numb = lostAfter + 3*time.Second

func TestKilledAndNumbedWorkersRepeatNoFinishedStepAndNoEffect(t *testing.T) {
	t.Parallel()
	redis := server(t)
	o := newOffice(t, 4, order{Redis: "redis://" + redis.Addr, Drain: 10 * time.Second, World: filepath.Join(t.TempDir(), "world")})
	runs, kills, stops := either(200, 40), either(25, 4), either(5, 1)

	o.send(runs)
	o.brake.Go(o.pauseAndResume)
	t.Cleanup(o.brake.Wait)
	for i, s := range o.drawBlows(runs, kills, stops) {
		o.awaitEnded(s.done)
		switch {
		case s.stop:
			o.numbAWorker()
		case i%2 == 0:
			o.killWorkerNamed(o.awaitAtWork())
		default:
			o.killAWorker()
		}
	}
	o.awaitEnded(len(o.sent))
	close(o.closing)
	o.brake.Wait()

	o.judge()
}

// office is a fleet whose workers run clerks or scholars, and the people around it.
type office struct {
	t      *testing.T
	random *rand.Rand
	ledger *ledger
	system *app.System
	order  order

	workers []*process
	started int
	waking  sync.WaitGroup // of numbed workers
	sent    []string

	brake     sync.WaitGroup
	closing   chan struct{}
	pauses    int
	decisions map[control.Decision]int
}

func newOffice(t *testing.T, workers int, hires order) *office {
	t.Helper()
	o := &office{
		t: t, random: drawFrom(t.Name()), ledger: newLedger(), order: hires, closing: make(chan struct{}), decisions: map[control.Decision]int{},
	}
	var err error
	if o.system, err = o.order.open(zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.system.Close() })
	o.order.Record = o.ledger.listen(t)
	for range workers {
		o.startWorker()
	}
	t.Cleanup(o.waking.Wait)
	return o
}

func (o *office) startWorker() {
	o.t.Helper()
	o.started++
	order := o.order
	order.Name = fmt.Sprintf("w%d", o.started)
	o.workers = append(o.workers, startProcess(o.t, o.ledger, order))
}

func (o *office) killAWorker() {
	o.t.Helper()
	o.killWorker(o.random.IntN(len(o.workers)))
}

// killWorker kills one and starts another in its place.
func (o *office) killWorker(i int) {
	o.t.Helper()
	o.workers[i].kill()
	o.workers = slices.Delete(o.workers, i, i+1)
	o.startWorker()
}

// numbAWorker stops a worker for so long that others take its tasks, while its clerks live
// on, and wakes it up.
func (o *office) numbAWorker() {
	p := o.workers[o.random.IntN(len(o.workers))]
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		o.t.Fatal(err)
	}
	o.waking.Go(func() {
		time.Sleep(numb)
		_ = p.cmd.Process.Signal(syscall.SIGCONT) // it may have been killed
	})
}

// send sends n more runs.
func (o *office) send(n int) {
	o.t.Helper()
	for i := len(o.sent); n > 0; i, n = i+1, n-1 {
		args := agents.Args{Agent: clerkAgent, User: fmt.Sprintf("u%d", i%clerkUsers)}
		receipt, err := o.system.Queue.Enqueue(o.t.Context(), args, tasks.Options{ID: fmt.Sprintf("run%03d-%s", i, args.User)})
		if err != nil {
			o.t.Fatal(err)
		}
		o.sent = append(o.sent, receipt.ID)
	}
}

// blow is when a worker is killed or numbed: once so many runs have ended.
type blow struct {
	done int
	stop bool
}

// drawBlows draws when they strike among n runs.
func (o *office) drawBlows(n, kills, stops int) []blow {
	var all []blow
	for i := range kills + stops {
		all = append(all, blow{done: o.random.IntN(n * 9 / 10), stop: i < stops})
	}
	slices.SortStableFunc(all, func(a, b blow) int { return a.done - b.done })
	return all
}

// deeds returns what the clerks have done so far.
func (o *office) deeds() []deed {
	o.t.Helper()
	deeds, err := readWorld(o.order.World)
	if err != nil {
		o.t.Error(err)
	}
	return deeds
}

// ended returns how many runs have ended.
func (o *office) ended() int {
	ended := map[string]bool{}
	for _, d := range o.deeds() {
		if d.what == "end" {
			ended[d.task] = true
		}
	}
	return len(ended)
}

// sayUnended logs what is known of the runs that have not ended.
func (o *office) sayUnended() {
	o.t.Helper()
	ended := map[string]bool{}
	latest := map[string]deed{}
	for _, d := range o.deeds() {
		ended[d.task] = ended[d.task] || d.what == "end"
		latest[d.task] = d
	}
	for _, id := range o.sent {
		if !ended[id] {
			status, err := o.system.Queue.Find(o.t.Context(), id)
			brake, unseen := o.system.Brake.Look(o.t.Context(), tasks.UserOf(status.Payload))
			o.t.Logf("run %s is %s, %v: last error %q; its user's brake %+v, %v; the latest deed of its clerk %+v",
				id, status.State, err, status.LastError, brake, unseen, latest[id])
		}
	}
}

// awaitEnded returns once so many runs have ended. Meanwhile it decides about the steps
// that wait for a person.
func (o *office) awaitEnded(n int) {
	o.t.Helper()
	last, since := 0, time.Now()
	for {
		ended := o.ended()
		if ended >= n {
			return
		}
		if ended > last {
			last, since = ended, time.Now()
		}
		if time.Since(since) > patience {
			o.sayUnended()
			o.t.Fatalf("%d of %d runs have ended, and no more do", ended, n)
		}
		o.decide()
		time.Sleep(50 * time.Millisecond)
	}
}

// awaitAtWork returns a worker of which a run is in the middle, and sends more runs if all have ended. Drawn by
// chance alone, all blows may hit workers that have none, and then prove nothing.
func (o *office) awaitAtWork() string {
	o.t.Helper()
	for since := time.Now(); time.Since(since) < patience; time.Sleep(5 * time.Millisecond) {
		at, busy := map[string]string{}, map[string]bool{}
		for _, d := range o.deeds() {
			switch d.what {
			case "at":
				at[d.task] = d.step
			case "doing", "effect":
				busy[d.task] = d.step <= "4" // two steps are left
			default:
				busy[d.task] = false
			}
		}
		for _, p := range o.workers {
			for task, worker := range at {
				if worker == p.name && busy[task] {
					return worker
				}
			}
		}
		o.decide() // or all that is left may wait for that
		if o.ended() == len(o.sent) {
			o.send(clerkUsers)
		}
	}
	o.t.Fatal("no worker is seen in the middle of a run")
	return ""
}

// decide is the person: they look whether the effect in doubt has happened.
func (o *office) decide() {
	o.t.Helper()
	ctx := o.t.Context()
	for i := range clerkUsers {
		user := fmt.Sprintf("u%d", i)
		s, err := o.system.Brake.Look(ctx, user)
		if err != nil {
			o.t.Fatal(err)
		}
		for task, step := range s.Waits {
			status, err := o.system.Queue.Find(ctx, task)
			if err != nil {
				o.t.Fatal(err)
			}
			decision := control.Approved
			if slices.Contains(o.deeds(), deed{status.ID, "effect", step}) {
				decision = control.Rejected
			}
			if _, err := o.system.Journals.Decide(ctx, journal.Run{User: user, Task: task, ID: status.Run}, journal.Verdict{Decision: decision, Result: json.RawMessage(step)}); err != nil {
				o.t.Fatal(err)
			}
			if _, err := o.system.Operator().Continue(ctx, task); err != nil {
				o.t.Fatal(err)
			}
			o.decisions[decision]++
		}
	}
}

// pauseAndResume pauses one user after the other, looks that nothing of theirs begins, and
// resumes them, until the office closes.
func (o *office) pauseAndResume() {
	for i := 0; ; i++ {
		select {
		case <-o.closing:
			return
		case <-o.t.Context().Done(): // the test has failed
			return
		case <-time.After(100 * time.Millisecond):
		}
		user := fmt.Sprintf("u%d", i%clerkUsers)
		receipt, err := o.system.Operator().Pause(o.t.Context(), user, audit.Actor{Via: audit.Command})
		if err != nil {
			o.t.Errorf("pause %s: %v", user, err)
			return
		}
		before := o.deedsOf(user)
		time.Sleep(200 * time.Millisecond) // nothing is to happen
		if after := o.deedsOf(user); receipt.State == control.Paused && after != before {
			o.t.Errorf("%d steps of %s began while they were paused: %+v", after-before, user, receipt)
		}
		if _, err := o.system.Operator().Resume(o.t.Context(), user, audit.Actor{Via: audit.Command}); err != nil {
			o.t.Errorf("resume %s: %v", user, err)
			return
		}
		o.pauses++
	}
}

// deedsOf returns how many steps of a user's runs have begun.
func (o *office) deedsOf(user string) int {
	n := 0
	for _, d := range o.deeds() {
		if strings.HasSuffix(d.task, "-"+user) && (d.what == "doing" || d.what == "effect") {
			n++
		}
	}
	return n
}

// judge judges what the clerks have done, and what Redis has of it.
func (o *office) judge() {
	o.t.Helper()
	for _, id := range o.sent {
		var status tasks.Status
		err := eventually(patience, func() bool {
			o.decide()
			var err error
			status, err = o.system.Queue.Find(o.t.Context(), id)
			return err == nil && status.State == tasks.StateSucceeded
		})
		if err != nil {
			o.t.Errorf("run %s is %s: %s", id, status.State, status.LastError)
		}
	}
	wrong := judgeDeeds(o.deeds(), o.sent)
	for _, w := range wrong[:min(len(wrong), 20)] {
		o.t.Error(w)
	}
	again := 0
	for _, id := range o.sent {
		status, err := o.system.Queue.Find(o.t.Context(), id)
		if err != nil {
			o.t.Fatal(err)
		}
		h, err := o.system.Journals.Read(o.t.Context(), journal.Run{User: tasks.UserOf(status.Payload), Task: status.Queue + "/" + id, ID: status.Run})
		if err != nil {
			o.t.Error(err)
		} else if len(h.Attempts) > 1 {
			again++
		}
	}
	if again == 0 {
		o.t.Error("no run was cut off: this proves little")
	}
	o.t.Logf("%d runs, %d of them in several attempts; %d pauses; decisions %v", len(o.sent), again, o.pauses, o.decisions)
}
