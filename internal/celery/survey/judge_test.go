package survey

import (
	"slices"
	"testing"

	door "switchyard/internal/celery"
)

// TestItIsSaidWhoTakesWhatOthersShallPerform has workers of Celery take from the queue agents, which the
// door takes from, too.
func TestItIsSaidWhoTakesWhatOthersShallPerform(t *testing.T) {
	const mine, theirs = "app.agents.scout", "app.agents.rank"
	const shares = "py@a takes from agents, too, and performs what it gets there: have it take from agents.py instead once the share of each kind is all"
	passed := []Found{{Queue: "agents", Task: theirs, passed: true}}
	for name, c := range map[string]struct {
		report         Report
		silent         bool
		remarks, wrong []string
	}{
		"it knows the task":    {report: Report{OnDuty: "w", Workers: []Worker{{"py@a", []string{"agents"}, map[string]bool{mine: true}}}}, remarks: []string{shares}},
		"it does not say":      {report: Report{OnDuty: "w", Workers: []Worker{{"py@a", []string{"agents"}, nil}}}, remarks: []string{shares}},
		"it takes what is its": {report: Report{OnDuty: "w", Workers: []Worker{{"py@a", []string{"agents.py"}, map[string]bool{}}}, Found: passed}},
		"it does not know the task": {
			report: Report{OnDuty: "w", Workers: []Worker{{"py@a", []string{"agents", "other"}, map[string]bool{theirs: true}}}},
			wrong:  []string{"py@a takes from agents, too, and throws away what it does not know, such as app.agents.scout: have it take from agents.py instead"},
		},
		"nobody takes what is passed on": {
			report: Report{OnDuty: "w", Found: passed},
			wrong:  []string{"what is passed on from agents waits in agents.py, and no worker of Celery takes from there: start one with -Q agents.py"},
		},
		"nobody takes what was passed on": {
			report: Report{OnDuty: "w", Lists: []List{{Queue: "agents.py", Size: 3}}},
			wrong:  []string{"messages that wait in agents.py, and nobody takes from there: 3: start a worker of Celery with -Q agents.py"},
		},
		"nobody is on duty": {
			report: Report{Lists: []List{{Queue: "agents", Size: 3}}},
			wrong:  []string{"no worker of Switchyard is on duty, and agents is to be taken from: start one with this configuration"},
		},
		"nobody could be asked": {report: Report{Found: passed}, silent: true},
	} {
		s := &survey{Report: c.report, silent: c.silent, queues: []string{"agents", "agents.py"}}
		s.Options = door.Options{Queues: []string{"agents"}, PythonSuffix: ".py", Kinds: map[string]door.Kind{mine: {Name: "agent_scout", Percent: 100}}}
		s.judge()
		if !slices.Equal(s.Remarks, c.remarks) || !slices.Equal(s.Wrong, c.wrong) {
			t.Errorf("%s: remarks %q, wrong %q\nwant %q, %q", name, s.Remarks, s.Wrong, c.remarks, c.wrong)
		}
	}
}
