package faults

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

// finish lets the system come to rest, stops the workers, and checks everything that must
// hold afterwards. It returns the account.
func (r *rig) finish() account {
	r.t.Helper()
	r.sending.Wait()
	r.awaitDone(len(r.sent))
	if err := eventually(patience, r.empty); err != nil {
		r.t.Errorf("the queues are not empty %v", err)
	}
	rested := time.Since(r.began).Round(100 * time.Millisecond)
	r.stop(r.workers)
	sum, err := settle(r.sent, r.ledger.all(), r.history)
	if err != nil {
		r.t.Errorf("the account does not add up:\n%v", firstLines(err, 20))
	}
	r.checkRedis()
	r.t.Logf("%d tasks, %d begins: %d cut, %d broken off, %d done and not acknowledged; %d workers killed, %d outages, %s",
		sum.tasks, sum.begins, sum.cut, sum.broken, sum.repeats, len(r.history.killed), r.outages, rested)
	return sum
}

// stop tells processes to stop and returns once they have. All of them must still run.
func (r *rig) stop(processes []*process) {
	r.t.Helper()
	for _, p := range processes {
		if !p.alive() {
			r.t.Errorf("%s is gone, and nobody killed it: %v", p.name, p.err)
		}
		r.terminate(p)
	}
	for _, p := range processes {
		if err := p.awaitExit(r.order.Drain + 5*time.Second); err != nil {
			r.t.Errorf("stop %s: %v", p.name, err)
		}
	}
}

// terminate tells a process to stop.
func (r *rig) terminate(p *process) {
	r.t.Helper()
	r.history.stopped[p.name] = time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Errorf("stop %s: %v", p.name, err)
	}
}

func firstLines(err error, n int) string {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > n {
		lines = append(lines[:n], fmt.Sprintf("and %d more", len(lines)-n))
	}
	return strings.Join(lines, "\n")
}
