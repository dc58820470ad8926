package oracle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/tasks"
)

// held is the ID of a task that runs while a queue is damaged.
const held = "held"

// hold has a good task run until all are released.
func (p *patient) hold(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	if len(p.wrong) > 0 || !p.keepTrying(t, held, deadline, func(id string) error { return p.ours(t.Context(), id, tasks.Options{Unique: time.Hour}, "") }) {
		return // no more is to be learned here
	}
	for p.tally.of(p.queue+"/"+held) == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
}

// letGo judges how the task that was held has ended. Where nobody could tell whose it was, it
// may have run again.
func (p *patient) letGo(t *testing.T) {
	t.Helper()
	unknown := slices.ContainsFunc(p.done, func(d damage) bool { return d.wrong && (d.part == "lease" || d.part == "active") })
	for deadline := time.Now().Add(patience); len(p.wrong) == 0; time.Sleep(10 * time.Millisecond) {
		err := p.judgeGood(t.Context(), held)
		if err == nil || unknown && strings.Contains(err.Error(), `ran 2 times and is "completed"`) {
			return
		}
		if time.Now().After(deadline) {
			p.wrong = append(p.wrong, "while it ran: "+err.Error())
		}
	}
}
