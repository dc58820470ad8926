package ticks

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestTheDocumentedUserOfTheBrokerSuffices(t *testing.T) {
	page, err := os.ReadFile("../../../docs/celery.md")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(page), "ACL SETUSER switchyard on >PASSWORD \\\n")
	line, _, _ = strings.Cut(line, "\n```")
	rules := strings.Fields(strings.ReplaceAll(line, "\\\n", " "))
	all := func(rules []string) bool {
		server := redistest.Server(t)
		r := newRig(t, redistest.Connect(t, redistest.User(t, server.Addr, "yard", append(rules, "~house*")...)), redistest.Client(t, redistest.Mini(t).Addr()))
		sent := r.send(tickOf("e", "cleanup", 0))[0] == "sent"
		redistest.Client(t, server.Addr).ZIncrBy(t.Context(), r.sender.ages, -2*ledgerKept.Seconds(), "e")
		n, err := r.sender.SweepTicks(t.Context(), func(_ context.Context, ticks []tasks.Tick) ([]tasks.Tick, error) { return ticks, nil })
		_, byHand := r.sender.Enqueue(t.Context(), tasks.Raw{Name: "cleanup", Payload: []byte(`{}`)}, tasks.Options{ID: "e@run"})
		redistest.Client(t, server.Addr).Set(t.Context(), "celery-task-meta-x", `{"status": "SUCCESS"}`, time.Minute)
		return sent && err == nil && n == 1 && byHand == nil && r.sender.states(t.Context(), []string{"x"})[0] == tasks.StateSucceeded && r.sender.Check(t.Context()) == nil
	}
	if !all(rules) {
		t.Errorf("with %q something fails", rules)
	}
	for i, rule := range rules {
		if rule == "~celery*" || rule == "~celery-task-meta-*" { // one has the other, and is an example
			continue
		}
		if less := append(append([]string{}, rules[:i]...), rules[i+1:]...); all(less) {
			t.Errorf("without %s all works", rule)
		}
	}
}
