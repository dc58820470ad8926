package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"switchyard/internal/audit"
)

// besideUsers are those whose agents' errands wait for turns.
var besideUsers = []string{"ada", "bob", "eve"}

// perUser is how many agents' errands of a user run at once, by the default configuration of either release.
const perUser = 2

func TestWorkersOfTheLastReleaseShareTheWorkWithTodays(t *testing.T) {
	t.Parallel()
	old := lastRelease(t)
	redis := server(t)
	r := newRig(t, 2, "redis://"+redis.Addr, "redis://"+redis.Addr)
	for range 2 {
		r.startWorkerOf(old.faults)
	}
	n, kills, restarts := either(20000, 1500), either(40, 6), 1

	users := r.sendForUsers(n)
	for i, f := range r.drawMoments(n, kills, restarts) {
		r.awaitDone(f.done)
		switch {
		case f.restart:
			r.restart(redis, drawUpTo(r.random, 3*time.Second))
		case i%3 == 2:
			r.brake(besideUsers[i%len(besideUsers)])
		default:
			r.killAWorkerOf([]string{"", old.faults}[i%2])
		}
	}
	sum := r.finish()
	if sum.broken == 0 {
		t.Error("no kill has hit a handler: the run proves little")
	}
	checkTurns(t, users, r.ledger.all())
	r.checkBoth(old.faults)
}

func TestAnUpgradeAndTheWayBackUnderLoadLoseNothing(t *testing.T) {
	t.Parallel()
	old := lastRelease(t)
	redis := server(t)
	r := newRig(t, 0, "redis://"+redis.Addr, "redis://"+redis.Addr)
	for range 3 {
		r.startWorkerOf(old.faults)
	}
	n := either(20000, 1500)
	users := r.sendForUsers(n)
	for i, program := range []string{"", old.faults, ""} { // on, back and on again
		r.awaitDone(n * (i + 1) / 5)
		for _, p := range slices.Clone(r.workers) {
			r.startWorkerOf(program)
			r.killAWorkerOf(program)
			r.terminate(p)
			r.forget(p)
			if err := p.awaitExit(r.order.Drain + exitWithin); err != nil {
				t.Error(err)
			}
		}
	}
	r.finish()
	checkTurns(t, users, r.ledger.all())
	r.checkBoth(old.faults)
}

func TestSchedulersOfTheLastReleaseFireNoTickTwiceBesideTodays(t *testing.T) {
	t.Parallel()
	old := lastRelease(t)
	redis := server(t)
	r := newRig(t, 1, "redis://"+redis.Addr, "redis://"+redis.Addr)
	r.startWorkerOf(old.faults)
	s := newSchedulersWith(r, 4, old.faults)
	entries, seconds := either(200, 40), either(90, 10)

	table := drawTimetable(r.random, entries, r.now(), time.Duration(seconds)*time.Second)
	from := s.put(table)
	s.suffer(drawStrikes(r.random, seconds, len(s.slots), 1), redis)
	s.finish(table, span{from, r.now()})
}

// sendForUsers is send of errands, those of agents for users, who are returned by task.
func (r *rig) sendForUsers(n int) map[string]string {
	draws := rand.New(rand.NewPCG(r.random.Uint64(), 1))
	users := make(map[string]string, n)
	errands := make([]errand, n)
	for i := range n {
		id := fmt.Sprintf("t%05d", i+1)
		e := drawErrand(draws)
		if e.kind == kinds[0] {
			e.User = besideUsers[draws.IntN(len(besideUsers))]
			users[id] = e.User
		}
		errands[i], r.sent = e, append(r.sent, id)
	}
	ids := slices.Clone(r.sent)
	r.sending.Go(func() {
		for i, id := range ids {
			r.enqueue(id, errands[i])
		}
	})
	return users
}

// killAWorkerOf kills a worker of a release, and starts another one in its place.
func (r *rig) killAWorkerOf(program string) {
	r.t.Helper()
	i := slices.IndexFunc(r.workers, func(p *process) bool { return p.program == program })
	if i < 0 {
		r.t.Fatalf("no worker of %q runs", program)
	}
	r.replace(r.workers[i])
}

// brake pauses a user's agents and has them go on.
func (r *rig) brake(user string) {
	r.t.Helper()
	by := audit.Actor{Name: "test", Via: audit.Command}
	r.history.paused = true
	if err := eventually(patience, func() bool {
		receipt, err := r.system.Operator().Pause(r.t.Context(), user, by)
		return err == nil && receipt.State == "paused"
	}); err != nil {
		r.t.Errorf("%s is not paused: %v", user, err)
	}
	if err := eventually(patience, func() bool {
		_, err := r.system.Operator().Resume(r.t.Context(), user, by)
		return err == nil
	}); err != nil {
		r.t.Errorf("%s is not resumed: %v", user, err)
	}
}

// checkTurns checks that no user had more agents' errands at a time than may be.
func checkTurns(t *testing.T, users map[string]string, attempts []attempt) {
	t.Helper()
	type moment struct {
		at    time.Time
		user  string
		delta int
	}
	var all []moment
	for _, a := range attempts {
		if user := users[a.task]; user != "" {
			all = append(all, moment{a.began, user, 1}, moment{a.closed, user, -1})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int {
		if order := a.at.Compare(b.at); order != 0 {
			return order
		}
		return a.delta - b.delta
	})
	running, most := map[string]int{}, 0
	for _, m := range all {
		running[m.user] += m.delta
		if most = max(most, running[m.user]); running[m.user] > perUser {
			t.Errorf("%s has %d errands at once at %s, want at most %d", m.user, running[m.user], m.at.Format(clock), perUser)
			return
		}
	}
	if most != perUser {
		t.Errorf("no user has had %d errands at once, at most %d: the run proves little", perUser, most)
	}
}

// checkBoth checks that workers of both releases have ended tasks, and tells how many.
func (r *rig) checkBoth(old string) {
	r.t.Helper()
	by := map[bool]int{}
	for _, a := range r.ledger.all() {
		if a.ending == ended {
			by[r.programs[a.worker] == old]++
		}
	}
	if by[true] == 0 || by[false] == 0 {
		r.t.Errorf("the last release has ended %d tasks and today's %d: the run proves little", by[true], by[false])
	}
	r.t.Logf("the last release has ended %d tasks, today's %d", by[true], by[false])
}
