package faults

import (
	"net/http"
	"strings"
	"time"
)

// What an outage may cost a worker that waits for its end.
const (
	noticedWithin = 5 * time.Second  // until it says that it is not ready
	backWithin    = 10 * time.Second // until it is ready again
	mostLines     = 12               // of log: lost and back for each of four lanes, and some to spare
	mostCPU       = 0.15             // of one core, on average
)

// watchOutage takes Redis away from workers for a while, with begin and end, and checks
// what they do in the meantime: they stay, know that they are not ready, do not spin, say
// what is wrong once, and are ready again afterwards.
func (r *rig) watchOutage(workers []*process, lasts time.Duration, begin, end func()) {
	r.t.Helper()
	r.awaitReadiness(workers, http.StatusOK, backWithin)
	checkCalm := r.watch(workers)
	r.outage(workers, func() {
		over := time.After(lasts)
		begin()
		r.awaitReadiness(workers, http.StatusServiceUnavailable, noticedWithin)
		<-over
		checkCalm()
		end()
	})
	r.awaitReadiness(workers, http.StatusOK, backWithin)
}

func (r *rig) awaitReadiness(workers []*process, want int, within time.Duration) {
	r.t.Helper()
	for _, p := range workers {
		var status int
		var err error
		if eventually(within, func() bool { status, err = p.readiness(); return status == want }) != nil {
			r.t.Errorf("readiness of %s is %d (%v) for %s, want %d", p.name, status, err, within, want)
		}
	}
}

// watch notes what workers have logged and spent by now. check is for what they have
// since.
func (r *rig) watch(workers []*process) (check func()) {
	began := time.Now()
	lines := make([]int, len(workers))
	spent := make([]time.Duration, len(workers))
	for i, p := range workers {
		lines[i] = len(p.logLines())
		spent[i], _ = p.cpu()
	}
	return func() {
		r.t.Helper()
		for i, p := range workers {
			r.checkCalm(p, lines[i], spent[i], time.Since(began))
		}
	}
}

// checkCalm checks what a worker has done since its log had so many lines and it had used
// so much processor time.
func (r *rig) checkCalm(p *process, lines int, spent, lasted time.Duration) {
	r.t.Helper()
	if !p.alive() {
		r.t.Errorf("worker %s has exited: %v", p.name, p.err)
		return
	}
	said := p.logged(lines)
	if len(said) == 0 || len(said) > mostLines {
		r.t.Errorf("%s has logged %d lines about the outage, want 1 to %d:\n%s", p.name, len(said), mostLines, strings.Join(said, "\n"))
	}
	now, ok := p.cpu()
	share := (now - spent).Seconds() / lasted.Seconds()
	if ok && share > mostCPU {
		r.t.Errorf("%s has used %.2f of a core during the outage, want at most %.2f", p.name, share, mostCPU)
	}
	r.t.Logf("%s in an outage of %s: %.3f of a core, %d lines", p.name, lasted.Round(time.Second), share, len(said))
}
