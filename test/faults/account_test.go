package faults

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The times of a lease, as docs/operations.md gives them to operators.
const (
	renewEvery = 3 * time.Second
	fenceAfter = 10 * time.Second
	lostAfter  = 12 * time.Second
)

// The shortest outages that can have a handler cancelled, and a lease run out: the last
// renewal before them may be as old as renewals are apart.
const (
	fencingOutage = fenceAfter - renewEvery
	losingOutage  = lostAfter - renewEvery
)

// ackWithin is how long an acknowledgement may take while Redis is within reach. A worker
// killed later than this after an attempt's end is no excuse for a rerun.
const ackWithin = 2 * time.Second

// outage is a span in which a worker could not reach Redis.
type outage struct {
	worker   string
	from, to time.Time
}

func (o outage) lasted() time.Duration { return o.to.Sub(o.from) }

// meets reports whether the outage and the span have a moment in common.
func (o outage) meets(from, to time.Time) bool { return o.from.Before(to) && from.Before(o.to) }

// history is what a test did to the system.
type history struct {
	killed  map[string]time.Time // workers, by name
	stopped map[string]time.Time // those told to stop
	outages []outage
	paused  bool // users were
}

func newHistory() history {
	return history{killed: map[string]time.Time{}, stopped: map[string]time.Time{}}
}

// away reports whether Redis was away from a worker for so long at a time, or longer, in
// an outage that falls between from and to at least in part.
func (h history) away(worker string, atLeast time.Duration, from, to time.Time) bool {
	for _, o := range h.outages {
		if o.worker == worker && o.lasted() >= atLeast && o.meets(from, to) {
			return true
		}
	}
	return false
}

// account is the sum of a ledger.
type account struct {
	tasks, begins        int
	cut, broken, repeats int
}

// settle sums the attempts up and checks each of them against what was done to the
// system. The rules are those of the package's documentation.
func settle(tasks []string, attempts []attempt, h history) (account, error) {
	sum := account{tasks: len(tasks), begins: len(attempts)}
	byTask := map[string][]attempt{}
	for _, a := range attempts {
		byTask[a.task] = append(byTask[a.task], a)
	}
	var errs []error
	for _, task := range tasks {
		ends := 0
		for i, a := range byTask[task] {
			if err := h.excuses(a, byTask[task][i+1:]); err != nil {
				errs = append(errs, err)
			}
			switch a.ending {
			case cut:
				sum.cut++
			case broken:
				sum.broken++
			case ended:
				ends++
			}
		}
		if ends == 0 {
			errs = append(errs, fmt.Errorf("task %s never ran to its end: %d attempts", task, len(byTask[task])))
		}
		sum.repeats += max(0, ends-1)
		delete(byTask, task)
	}
	for task := range byTask {
		errs = append(errs, fmt.Errorf("task %s ran and was never sent", task))
	}
	if reruns := sum.begins - sum.tasks; reruns != sum.cut+sum.broken+sum.repeats {
		errs = append(errs, fmt.Errorf("%d reruns, but %d attempts were cut, %d broken and %d repeated", reruns, sum.cut, sum.broken, sum.repeats))
	}
	return sum, errors.Join(errs...)
}

// excuses returns an error unless the way a was closed, and that later attempts of its
// task follow it, is explained by what was done to the system.
func (h history) excuses(a attempt, later []attempt) error {
	killed, wasKilled := h.killed[a.worker]
	stopped, wasStopped := h.stopped[a.worker]
	if len(later) > 0 && (a.ending == open || later[0].began.Before(a.closed)) {
		return fmt.Errorf("%s while attempt %d began on %s", a, later[0].number, later[0].worker)
	}
	switch a.ending {
	case open:
		return fmt.Errorf("%s is still open", a)
	case broken:
		if !wasKilled && !wasStopped {
			return fmt.Errorf("%s, but nobody killed its worker", a)
		}
	case cut:
		handedBack := wasStopped && stopped.Before(a.closed) && strings.Contains(a.cause, "handed back")
		parked := h.paused && strings.Contains(a.cause, "paused")
		if !handedBack && !parked && !h.away(a.worker, fencingOutage, a.began, a.closed) {
			return fmt.Errorf("%s, but its worker was not told to stop and Redis was never away for %s", a, fencingOutage)
		}
	case ended:
		if len(later) == 0 {
			return nil
		}
		next := later[0]
		interrupted := wasKilled && killed.Before(next.began) && (killed.Sub(a.closed) < ackWithin || h.away(a.worker, 0, a.closed, killed)) ||
			wasStopped && stopped.Before(next.began) && h.away(a.worker, 0, a.closed, next.began)
		if !interrupted && !h.away(a.worker, losingOutage, a.began, next.began) {
			return fmt.Errorf("%s and yet ran again %s later as attempt %d on %s, although its worker lived on and reached Redis",
				a, next.began.Sub(a.closed), next.number, next.worker)
		}
	}
	return nil
}

func (a attempt) String() string {
	s := fmt.Sprintf("attempt %d of task %s on %s, begun %s, ", a.number, a.task, a.worker, a.began.Format(clock))
	switch a.ending {
	case open:
		return s + "not closed"
	case cut:
		return s + fmt.Sprintf("cut %s (%s)", a.closed.Format(clock), a.cause)
	}
	return s + fmt.Sprintf("%s %s", a.ending, a.closed.Format(clock))
}

const clock = "15:04:05.000"
