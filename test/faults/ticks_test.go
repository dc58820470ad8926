package faults

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// span is a stretch of time, both ends included.
type span struct{ from, to time.Time }

func (s span) meets(other span) bool { return !s.to.Before(other.from) && !other.to.Before(s.from) }

// tickTally is the sum of a timetable's run.
type tickTally struct {
	due, ran, leftOut int
}

// judgeTicks compares the tasks that ran with a timetable. It knows no more of the
// schedule than that a task's ID names its entry and its tick.
//
// Every tick within the window must have run once, and no other moment at all. Ticks just
// outside of it may have run or not, but not twice. A line that may leave ticks out must
// have a reason for each: a fault in the time until its next one.
func judgeTicks(table map[string]line, attempts []attempt, window span, faults []span) (tickTally, error) {
	var sum tickTally
	var errs []error
	ran := map[string]attempt{}
	for _, a := range attempts {
		before, twice := ran[a.task]
		if !twice {
			ran[a.task] = a
		}
		switch entry, tick, err := readTickID(a.task); {
		case err != nil:
			errs = append(errs, err)
		case twice:
			errs = append(errs, fmt.Errorf("entry %s ran its tick %s twice, so it was enqueued twice: %s, and %s", entry, format(tick), before, a))
		case !table[entry].dueAt(tick):
			errs = append(errs, fmt.Errorf("entry %s (%s) ran at %s, which is none of its ticks: %s", entry, table[entry].entry.Spec, format(tick), a))
		case a.began.Before(tick):
			errs = append(errs, fmt.Errorf("entry %s ran its tick %s too early: %s", entry, format(tick), a))
		case a.ending != ended:
			errs = append(errs, fmt.Errorf("entry %s did not end its tick %s, although nobody harmed its worker: %s", entry, format(tick), a))
		}
	}
	sum.ran = len(ran)
	for _, id := range slices.Sorted(maps.Keys(table)) {
		l := table[id]
		for _, tick := range l.ticks(window.from, window.to) {
			sum.due++
			if _, ok := ran[tickID(id, tick)]; ok {
				continue
			}
			sum.leftOut++
			switch harmed := excused(tick, l.period, faults); {
			case !l.skips():
				errs = append(errs, fmt.Errorf("entry %s (%s) lost its tick %s: it never ran", id, l.entry.Spec, format(tick)))
			case !harmed:
				errs = append(errs, fmt.Errorf("entry %s (%s) left its tick %s out, although nothing kept the schedulers from it", id, l.entry.Spec, format(tick)))
			}
		}
	}
	return sum, errors.Join(errs...)
}

// excused reports whether some fault fell between a tick and the next.
func excused(tick time.Time, period time.Duration, faults []span) bool {
	return slices.ContainsFunc(faults, span{tick, tick.Add(period)}.meets)
}

const tickLayout = "20060102T150405Z"

// tickID and readTickID know the form of a tick's task ID as the documentation gives it.
func tickID(entry string, tick time.Time) string {
	return entry + "@" + tick.UTC().Format(tickLayout)
}

func readTickID(id string) (entry string, tick time.Time, err error) {
	entry, text, _ := strings.Cut(id, "@")
	if tick, err = time.Parse(tickLayout, text); err != nil {
		return "", tick, fmt.Errorf("task %q ran, which is no tick's", id)
	}
	return entry, tick, nil
}

func format(tick time.Time) string { return tick.UTC().Format(time.RFC3339) }
