package faults

import (
	"strings"
	"testing"
	"time"
)

// The account is only worth what it refuses.
func TestTheAccountExcusesNothingButTheFaults(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Unix(1000, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	run := func(worker string, began float64, how ending, closed float64) attempt {
		return attempt{task: "a", worker: worker, began: at(began), ending: how, closed: at(closed)}
	}
	handedBack := func(a attempt) attempt { a.cause = "worker stops: task handed back"; return a }
	long, short, elsewhere := outage{"w1", at(10), at(25)}, outage{"w1", at(10), at(15)}, outage{"w2", at(10), at(25)}
	for name, tc := range map[string]struct {
		attempts []attempt
		killed   float64 // worker w1, at this time; 0: not
		stopped  float64
		outages  []outage
		refused  string // part of the error; "" for none
	}{
		"ran once":                     {attempts: []attempt{run("w1", 1, ended, 2)}},
		"never ran":                    {refused: "never ran to its end: 0 attempts"},
		"only cut":                     {attempts: []attempt{run("w1", 1, broken, 2)}, killed: 2, refused: "never ran to its end: 1 attempts"},
		"still open":                   {attempts: []attempt{run("w1", 1, open, 0)}, refused: "still open"},
		"killed inside":                {attempts: []attempt{run("w1", 1, broken, 2), run("w2", 14, ended, 15)}, killed: 2},
		"broke by itself":              {attempts: []attempt{run("w1", 1, broken, 2), run("w2", 14, ended, 15)}, refused: "nobody killed"},
		"deaf and stopped":             {attempts: []attempt{run("w1", 1, broken, 4), run("w2", 14, ended, 15)}, stopped: 2},
		"two at once":                  {attempts: []attempt{run("w1", 1, ended, 9), run("w2", 8, ended, 10)}, killed: 9, refused: "while attempt"},
		"ran again for nothing":        {attempts: []attempt{run("w1", 1, ended, 2), run("w2", 3, ended, 4)}, refused: "lived on and reached Redis"},
		"killed before the ack":        {attempts: []attempt{run("w1", 1, ended, 2), run("w2", 15, ended, 16)}, killed: 2.1},
		"killed long after":            {attempts: []attempt{run("w1", 1, ended, 2), run("w2", 19, ended, 20)}, killed: 7, refused: "lived on"},
		"killed after the rerun":       {attempts: []attempt{run("w1", 1, ended, 2), run("w2", 3, ended, 4)}, killed: 3.5, refused: "lived on"},
		"killed while redis was away":  {attempts: []attempt{run("w1", 9, ended, 11), run("w2", 30, ended, 31)}, killed: 14, outages: []outage{short}},
		"handed back":                  {attempts: []attempt{handedBack(run("w1", 1, cut, 5)), run("w2", 6, ended, 7)}, stopped: 3},
		"cut for nothing":              {attempts: []attempt{run("w1", 1, cut, 5), run("w2", 6, ended, 7)}, refused: "not told to stop"},
		"cut before the stop":          {attempts: []attempt{handedBack(run("w1", 1, cut, 5)), run("w2", 6, ended, 7)}, stopped: 5.5, refused: "not told to stop"},
		"fenced":                       {attempts: []attempt{run("w1", 9, cut, 20), run("w2", 26, ended, 27)}, outages: []outage{long}},
		"fenced too soon":              {attempts: []attempt{run("w1", 9, cut, 14), run("w2", 26, ended, 27)}, outages: []outage{short}, refused: "not told to stop"},
		"lease ran out after the end":  {attempts: []attempt{run("w1", 9, ended, 11), run("w2", 26, ended, 27)}, outages: []outage{long}},
		"another worker's outage":      {attempts: []attempt{run("w1", 9, ended, 11), run("w2", 26, ended, 27)}, outages: []outage{elsewhere}, refused: "lived on"},
		"stopped while redis was away": {attempts: []attempt{run("w1", 9, ended, 11), run("w2", 26, ended, 27)}, stopped: 11, outages: []outage{short}},
		"stopped after the ack":        {attempts: []attempt{run("w1", 1, ended, 2), run("w2", 26, ended, 27)}, stopped: 3, refused: "lived on"},
		"short outage loses no lease":  {attempts: []attempt{run("w1", 9, ended, 11), run("w2", 26, ended, 27)}, outages: []outage{short}, refused: "lived on"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			h.outages = tc.outages
			if tc.killed > 0 {
				h.killed["w1"] = at(tc.killed)
			}
			if tc.stopped > 0 {
				h.stopped["w1"] = at(tc.stopped)
			}
			_, err := settle([]string{"a"}, tc.attempts, h)
			if (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("error %v, want %q", err, tc.refused)
			}
		})
	}
}

func TestATaskNobodySentIsNoticed(t *testing.T) {
	_, err := settle(nil, []attempt{{task: "ghost", ending: ended}}, newHistory())
	if err == nil || !strings.Contains(err.Error(), "never sent") {
		t.Errorf("error %v", err)
	}
}
