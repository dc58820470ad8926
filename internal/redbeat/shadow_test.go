package redbeat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// script is what a shadow reads, one view after the other. It ends the watch with the last.
type script struct {
	views  [][]Stored
	errs   map[int]error // by the number of the read, from 0
	reads  int
	cancel context.CancelFunc
}

func (s *script) read(context.Context) ([]Stored, error) {
	n := s.reads
	if s.reads++; s.reads >= len(s.views) {
		defer s.cancel()
	}
	return s.views[min(n, len(s.views)-1)], s.errs[n]
}

// watch runs a shadow through a script and returns its lines without their times.
func watch(t *testing.T, s *script) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	ticks := make(chan time.Time)
	close(ticks) // the next round is always due
	var out strings.Builder
	shadow := Shadow{Read: s.read, Mover: NewMover(options(t)), Out: &out, Now: func() time.Time { return noon }}
	if err := shadow.Watch(ctx, ticks); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(line, "2026-11-25T20:00:00Z")))
	}
	return lines
}

// at8 is an entry due daily at 08:00 in Berlin whose next run RedBeat has at some time.
func at8(name, last, score string) Stored {
	s := scheduled(name, `{"__type__": "crontab", "minute": 0, "hour": 8}`, last)
	s.Score = float64(mustTime(score).Unix())
	return s
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("lines are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestShadowSaysWhatChanges follows a difference from its first read to its end.
func TestShadowSaysWhatChanges(t *testing.T) {
	const last = "2026-11-25T08:00:00+01:00"
	good := at8("good", last, "2026-11-26T06:59:59Z")
	late := at8("bad", last, "2026-11-26T08:59:59Z")
	later := at8("bad", last, "2026-11-26T09:59:59Z")
	fine := at8("bad", last, "2026-11-26T06:59:59Z")
	broken := Stored{Name: "broken", Definition: "{"}
	expectLines(t, watch(t, &script{views: [][]Stored{
		{good, broken, late}, {good, broken, late}, // the second look
		{good, broken, late},
		{good, broken, later}, {good, broken, later},
		{good, broken, fine},
		{good, broken, fine},
		{good, broken, late}, {good, broken, late},
		{good, broken},
		{good}, {good}, // never reported: the watch has ended
	}}),
		"3 entries, of which 2 move: 1 at other times than in RedBeat, and 0 at times it does not tell before their next run",
		"bad: it is due at 2026-11-26T07:00:00Z, in RedBeat at 2026-11-26T08:59:59Z",
		"broken: cannot move: definition is not JSON: unexpected EOF",
		"bad: it is due at 2026-11-26T07:00:00Z, in RedBeat at 2026-11-26T09:59:59Z",
		"bad: no difference any more",
		"bad: it is due at 2026-11-26T07:00:00Z, in RedBeat at 2026-11-26T08:59:59Z",
		"bad: gone from RedBeat",
		"watched for 0s, in 8 rounds: of 1 entries 1 differed, and 0 do now",
	)
}

// TestShadowIsNotFooledByARun does not report what another read a moment later does not show.
func TestShadowIsNotFooledByARun(t *testing.T) {
	before := at8("x", "2026-11-24T08:00:00+01:00", "2026-11-26T06:59:59Z") // its score is that after the run
	after := at8("x", "2026-11-25T08:00:00+01:00", "2026-11-26T06:59:59Z")
	got := watch(t, &script{views: [][]Stored{{before}, {after}, {after}, {after}}})
	expectLines(t, got,
		"1 entries, of which 1 move: 0 at other times than in RedBeat, and 0 at times it does not tell before their next run",
		fmt.Sprintf("watched for 0s, in %d rounds: of 1 entries 0 differed, and 0 do now", 2),
	)
}

// TestShadowTellsARunThatCameTooEarly sees by a run what an early score hid.
func TestShadowTellsARunThatCameTooEarly(t *testing.T) {
	early := at8("x", "2026-11-25T08:00:00+01:00", "2026-11-25T08:00:00Z")
	ran := at8("x", "2026-11-25T09:00:00+01:00", "2026-11-26T06:59:59Z")
	expectLines(t, watch(t, &script{views: [][]Stored{{early}, {ran}, {ran}, {ran}}}),
		"1 entries, of which 1 move: 0 at other times than in RedBeat, and 1 at times it does not tell before their next run",
		"x: RedBeat has a run at 2026-11-25T08:00:00Z, here it was due at 2026-11-26T07:00:00Z",
		"watched for 0s, in 3 rounds: of 1 entries 1 differed, and 0 do now",
	)
}

// TestShadowOutlivesAnOutage says once that it cannot read, and that it can again.
func TestShadowOutlivesAnOutage(t *testing.T) {
	good := at8("good", "2026-11-25T08:00:00+01:00", "2026-11-26T06:59:59Z")
	away := errors.New("connection refused")
	expectLines(t, watch(t, &script{
		views: [][]Stored{{good}, nil, nil, {good}, {good}},
		errs:  map[int]error{1: away, 2: away},
	}),
		"1 entries, of which 1 move: 0 at other times than in RedBeat, and 0 at times it does not tell before their next run",
		"cannot read RedBeat's entries, tries again: connection refused",
		"can read RedBeat's entries again",
		"watched for 0s, in 2 rounds: of 1 entries 0 differed, and 0 do now",
	)
}

// TestNextTicksAreComparedWithScores looks at each way two next ticks stand to each other.
func TestNextTicksAreComparedWithScores(t *testing.T) {
	const last = "2026-11-25T08:00:00+01:00" // so that it is due at 2026-11-26T07:00:00Z
	with := func(score float64) Stored {
		s := at8("x", last, last)
		s.Score = score
		return s
	}
	for name, c := range map[string]struct {
		stored     Stored
		relation   relation
		difference string
	}{
		"the same":            {at8("x", last, "2026-11-26T07:00:00Z"), agrees, ""},
		"a second early":      {at8("x", last, "2026-11-26T06:59:59Z"), agrees, ""},
		"a second late":       {at8("x", last, "2026-11-26T07:00:01Z"), agrees, ""},
		"two seconds late":    {at8("x", last, "2026-11-26T07:00:02Z"), differs, "it is due at 2026-11-26T07:00:00Z, in RedBeat at 2026-11-26T07:00:02Z"},
		"two seconds early":   {at8("x", last, "2026-11-26T06:59:58Z"), early, ""},
		"at the last run":     {at8("x", last, last), early, ""},
		"before the last run": {at8("x", last, "2026-11-25T06:59:59Z"), differs, "it is due at 2026-11-26T07:00:00Z, in RedBeat at 2026-11-25T06:59:59Z"},
		"overdue in both":     {at8("x", "2026-11-20T08:00:00+01:00", "2026-11-25T19:00:00Z"), agrees, ""},
		"overdue here":        {at8("x", "2026-11-20T08:00:00+01:00", "2026-11-25T20:00:05Z"), differs, "it is due at 2026-11-21T07:00:00Z, in RedBeat at 2026-11-25T20:00:05Z"},
		"never again":         {with(-1), differs, "it is due at 2026-11-26T07:00:00Z, in RedBeat never again"},
		"a score beyond time": {with(1e308), differs, "it is due at 2026-11-26T07:00:00Z, in RedBeat at 9999-12-31T23:59:59Z"},
		"not in the schedule": {Stored{Name: "x", Definition: with(0).Definition, Meta: with(0).Meta}, differs, "RedBeat does not have it in its schedule and does not run it: here it runs"},
		"never run":           {Stored{Name: "x", Definition: with(0).Definition, Scheduled: true, Score: 5}, unknown, ""},
		"broken":              {Stored{Name: "x", Scheduled: true, Score: 5}, unknown, ""},
	} {
		m := NewMover(options(t)).Move(t.Context(), c.stored)
		if relation, difference := m.compare(c.stored, noon); relation != c.relation || difference != c.difference {
			t.Errorf("%s: relation is %d, %q, want %d, %q", name, relation, difference, c.relation, c.difference)
		}
	}
}

// TestClockChangesExplainADifference: RedBeat counts to the first tick after a clock change
// by the clock before it.
func TestClockChangesExplainADifference(t *testing.T) {
	o := options(t)
	o.Now = func() time.Time { return mustTime("2026-03-28T12:00:00Z") }
	m := NewMover(o).Move(t.Context(), at8("x", "2026-03-28T08:00:00+01:00", "2026-03-29T06:59:59Z"))
	want := "it is due at 2026-03-29T06:00:00Z, in RedBeat at 2026-03-29T06:59:59Z, which counts by the clock of its last run until its next one: the clocks change between them"
	if len(m.Changes) != 1 || m.Changes[0] != want {
		t.Errorf("changes are %q, want %q", m.Changes, want)
	}
}
