package lane

import (
	"encoding/json"
	"strings"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// maxNoted bounds the error that is kept with each attempt, in bytes.
const maxNoted = 500

// noted returns what is kept of an attempt that began, while it runs.
func (a *attempt) noted() tasks.Attempt {
	return tasks.Attempt{Number: a.task.Attempt, Began: a.began.UTC().Truncate(time.Millisecond), Worker: a.lane.worker, TraceID: telemetry.ID(a.ctx)}
}

// note returns the line that is kept of an attempt that has ended, "" if it never began or nothing
// is kept of its task.
func (e *ending) note() string {
	if e.attempt.began.IsZero() || e.way == done {
		return ""
	}
	a := e.attempt
	one := a.noted()
	if a.sender != nil {
		one.Sent = a.sender.Sent()
	}
	one.Ended, one.Outcome = a.began.UTC().Add(e.took).Truncate(time.Millisecond), e.outcome
	if e.err != nil {
		one.Error = strings.ToValidUTF8(e.err.Error()[:min(len(e.err.Error()), maxNoted)], "")
	}
	return lineOf(one)
}

// lostNote returns the line that is kept of an attempt whose worker was lost.
func lostNote(now time.Time, why string) string {
	return lineOf(tasks.Attempt{Ended: now.UTC().Truncate(time.Millisecond), Outcome: tasks.OutcomeLost, Error: why})
}

func lineOf(one tasks.Attempt) string {
	text, _ := json.Marshal(one) // strings, numbers and times of this age always have a text
	return string(text)
}

// noteBegun adds to what is asked of a renewal what is to be kept of attempts while they run: of
// one whose worker is lost nothing else is known. Most have ended before their first renewal.
func noteBegun(ask *renewAsk, some []*attempt) (texts []any) {
	for _, a := range some {
		place := 0
		a.mu.Lock()
		if !a.kept && !a.began.IsZero() {
			texts = append(texts, lineOf(a.noted()))
			place = len(texts) + 1 // behind the JSON
			a.kept = true
		}
		a.mu.Unlock()
		ask.Leases = append(ask.Leases, a.id, a.mark, place)
	}
	return texts
}

// isKept reports whether Redis has what is known of an attempt while it runs, or may have it.
func (a *attempt) isKept() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kept
}
