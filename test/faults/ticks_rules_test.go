package faults

import (
	"strings"
	"testing"
	"time"

	"switchyard/internal/schedule"
)

// The judge of the ticks is only worth what it refuses, too.
func TestTheJudgeOfTicksExcusesNothingButTheFaults(t *testing.T) {
	minute := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	at := func(second float64) time.Time { return minute.Add(time.Duration(second * float64(time.Second))) }
	ran := func(second float64) attempt {
		return attempt{task: tickID("e", at(second)), began: at(second + 0.1), ending: ended, closed: at(second + 0.2)}
	}
	exact := repeated("e", spelling{spec: "@every 20s", period: 20 * time.Second}, schedule.All)
	lenient := repeated("e", spelling{spec: "@every 20s", period: 20 * time.Second}, schedule.Latest)
	window := span{at(1), at(60)} // ticks at 20, 40 and 60
	early, cutOff := ran(40), ran(40)
	early.began = at(39.9)
	cutOff.ending = cut
	for name, tc := range map[string]struct {
		line     line
		attempts []attempt
		faults   []span
		refused  string // part of the error; "" for none
	}{
		"each once":                   {line: exact, attempts: []attempt{ran(20), ran(40), ran(60)}},
		"one around the window":       {line: exact, attempts: []attempt{ran(0), ran(20), ran(40), ran(60), ran(80)}},
		"late and out of order":       {line: exact, attempts: []attempt{ran(60), ran(40), ran(20)}},
		"twice":                       {line: exact, attempts: []attempt{ran(20), ran(40), ran(40), ran(60)}, refused: "2026-01-01T10:00:40Z twice"},
		"twice around the window":     {line: exact, attempts: []attempt{ran(20), ran(40), ran(60), ran(80), ran(80)}, refused: "twice"},
		"twice in a fault":            {line: lenient, attempts: []attempt{ran(20), ran(40), ran(40), ran(60)}, faults: []span{window}, refused: "twice"},
		"lost":                        {line: exact, attempts: []attempt{ran(20), ran(60)}, refused: "lost its tick 2026-01-01T10:00:40Z"},
		"lost in a fault":             {line: exact, attempts: []attempt{ran(20), ran(60)}, faults: []span{window}, refused: "lost"},
		"the last one lost":           {line: exact, attempts: []attempt{ran(20), ran(40)}, refused: "lost its tick 2026-01-01T10:01:00Z"},
		"left out in a fault":         {line: lenient, attempts: []attempt{ran(20), ran(60)}, faults: []span{{at(45), at(50)}}},
		"left out for nothing":        {line: lenient, attempts: []attempt{ran(20), ran(60)}, refused: "nothing kept the schedulers"},
		"left out before the fault":   {line: lenient, attempts: []attempt{ran(20), ran(60)}, faults: []span{{at(61), at(70)}}, refused: "nothing kept"},
		"left out after the fault":    {line: lenient, attempts: []attempt{ran(20), ran(60)}, faults: []span{{at(20), at(39)}}, refused: "nothing kept"},
		"at a moment that is no tick": {line: exact, attempts: []attempt{ran(20), ran(40), ran(50), ran(60)}, refused: "none of its ticks"},
		"too early":                   {line: exact, attempts: []attempt{ran(20), early, ran(60)}, refused: "too early"},
		"not to its end":              {line: exact, attempts: []attempt{ran(20), cutOff, ran(60)}, refused: "did not end"},
		"once":                        {line: single("e", at(30), true), attempts: []attempt{ran(30)}},
		"once and never":              {line: single("e", at(30), false), refused: "lost"},
		"another's task":              {line: exact, attempts: []attempt{ran(20), ran(40), ran(60), {task: "t1"}}, refused: "no tick's"},
		"nobody's tick":               {line: exact, attempts: []attempt{ran(20), ran(40), ran(60), {task: tickID("ghost", at(20)), began: at(21), ending: ended}}, refused: "none of its ticks"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := judgeTicks(map[string]line{"e": tc.line}, tc.attempts, window, tc.faults)
			if (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("error %v, want %q", err, tc.refused)
			}
		})
	}
}
