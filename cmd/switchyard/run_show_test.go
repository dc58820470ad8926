package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

func TestARunIsShownWithoutWhatATerminalWouldObey(t *testing.T) {
	at := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	run := timeline{
		task: tasks.Status{Kind: "agent_secretary", State: "parked", LastError: "it said \x1b[2Jünd\nmore"},
		history: &journal.History{
			Attempts: []journal.Attempt{{Number: 1, Worker: "w", At: at}},
			Steps:    []journal.Step{{Name: "tool 1.1 mail_send", Effect: true, State: journal.Asked, Began: at, Input: json.RawMessage("{\"to\":\"eve\u202ebob\"}")}},
		},
	}
	var out strings.Builder
	if err := run.draw(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`it said \u001b[2Jünd\u000amore`, `{"to":"eve\u202ebob"}`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it is shown as\n%q\nwithout %q", out.String(), want)
		}
	}
}
