package redbeat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/calendar"
)

// TestSchedulesMoveToTheirTimes looks at schedules whose times are easily mistaken.
func TestSchedulesMoveToTheirTimes(t *testing.T) {
	const last = "2026-11-25T09:45:00+01:00"
	for name, c := range map[string]struct {
		zone, schedule, last string
		spec, home           string
		start, next          string
		changes              []string
	}{
		"the first relative interval is the longest": {
			schedule: `{"__type__": "interval", "every": 5400, "relative": true}`,
			spec:     "@every 1h from 2026-11-25T10:00:00Z", start: "2026-11-25T10:00:00Z", next: "2026-11-25T10:00:00Z",
			changes: []string{"interval of 1h30m, relative: RedBeat cuts it to 1h each time, so it is every 1h"},
		},
		"an interval rounds up": {
			schedule: `{"__type__": "interval", "every": 1.5}`,
			spec:     "@every 2s from 2026-11-25T08:45:00Z", next: "2026-11-25T08:45:02Z",
			changes: []string{"interval of 1.5s: it becomes 2s, for ticks are whole seconds"},
		},
		"hours of a clock at half past": {
			zone: "Asia/Kolkata", last: "2026-11-25T14:15:00+05:30", schedule: `{"__type__": "interval", "every": 3600, "relative": true}`,
			spec: "@every 1h from 2026-11-25T09:30:00Z", next: "2026-11-25T09:30:00Z",
		},
		"days of another clock": {
			last: "2026-11-25T08:45:00+00:00", schedule: `{"__type__": "interval", "every": 172800, "relative": true}`,
			spec: "DTSTART:20261127T000000 RRULE:FREQ=DAILY;INTERVAL=2", next: "2026-11-26T23:00:00Z",
			changes: []string{"the last run is noted at +00:00 from UTC, where Europe/Berlin was at +01:00: see to --zone, it has to be the application's"},
		},
		"a rule in a zone whose clock never changes": {
			zone: "Asia/Kolkata", schedule: `{"__type__": "rrule", "freq": 3, "dtstart": 1767598200, "dtstart_tz": 330, "byhour": 9}`,
			spec: "DTSTART:20260105T130000 RRULE:FREQ=DAILY;BYHOUR=9", home: "Asia/Kolkata", next: "2026-11-26T03:30:00Z",
		},
		"a rule in UTC": {
			schedule: `{"__type__": "rrule", "freq": "daily", "dtstart": 1767598200, "wkst": 0, "interval": 1}`,
			spec:     "DTSTART:20260105T073000 RRULE:FREQ=DAILY", home: "UTC", next: "2026-11-26T07:30:00Z",
		},
		"a rule behind UTC": {
			schedule: `{"__type__": "rrule", "freq": 2, "dtstart": 1767598200, "dtstart_tz": -300, "wkst": {"__type__": "weekday", "wkday": 6}, "byweekday": {"__type__": "weekday", "wkday": 1, "n": 3}}`,
			spec:     "DTSTART:20260105T023000 RRULE:FREQ=WEEKLY;WKST=SU;BYDAY=TU", home: "Etc/GMT+5", next: "2026-12-01T07:30:00Z",
		},
		"a rule of hours at half past": {
			schedule: `{"__type__": "rrule", "freq": 4, "dtstart": 1767598200, "dtstart_tz": 330}`,
			spec:     "DTSTART:20260105T073000 RRULE:FREQ=HOURLY", home: "UTC", next: "2026-11-25T09:30:00Z",
		},
		"no last run": {
			last: "never", schedule: `{"__type__": "interval", "every": 3600}`,
			spec: "@every 1h", next: "2026-11-25T21:00:00Z",
			changes: []string{"it has no last run: RedBeat would run it at once, here it waits for its next tick"},
		},
		"a last run a little ahead": {
			last: "2026-11-25T21:01:00+01:00", schedule: `{"__type__": "crontab", "minute": 0}`,
			spec: "0 * * * *", next: "2026-11-25T21:00:00Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			if c.zone != "" {
				var err error
				if o.Zone, err = calendar.LoadZone(c.zone); err != nil {
					t.Fatal(err)
				}
			}
			if c.last == "" {
				c.last = last
			}
			if c.last == "never" {
				c.last = ""
			}
			s := scheduled("x", c.schedule, c.last)
			if c.last != "" {
				s.Score = float64(mustTime(c.last).Unix()) // too early to tell
			}
			m := NewMover(o).Move(t.Context(), s)
			if c.home == "" {
				c.home = o.Zone.String()
			}
			if m.Entry.Spec != c.spec || m.Entry.Zone != c.home || stamp(m.Next) != c.next {
				t.Errorf("it is due by %s in %s, next at %s (%v), want %s in %s, next at %s", m.Entry.Spec, m.Entry.Zone, stamp(m.Next), m.Why, c.spec, c.home, c.next)
			}
			if start := m.Entry.Start; start.IsZero() != (c.start == "") || c.start != "" && stamp(start) != c.start {
				t.Errorf("it starts at %s, want %s", start, c.start)
			}
			if !slices.Equal(m.Changes, c.changes) {
				t.Errorf("changes are %q, want %q", m.Changes, c.changes)
			}
			if m.LastRun.After(noon) {
				t.Errorf("its last run is at %s, which is to come", m.LastRun)
			}
		})
	}
}

// TestRulesThatNoZoneKeepsCannotMove: moving them would shift their days or times.
func TestRulesThatNoZoneKeepsCannotMove(t *testing.T) {
	for name, parts := range map[string]string{
		"hours of some days":          `"freq": 4, "dtstart": 1767598200, "byweekday": 0`,
		"days that are others in UTC": `"freq": 2, "dtstart": 1767562200`, // 2026-01-05T03:00+05:30
		"times of day":                `"freq": 3, "dtstart": 1767598200, "byminute": 0`,
	} {
		s := scheduled("x", `{"__type__": "rrule", "dtstart_tz": 330, `+parts+`}`, "2026-11-25T09:45:00+01:00")
		m := NewMover(options(t)).Move(t.Context(), s)
		if m.Verdict != Cannot || !strings.Contains(text(m.Why), "rrule: dtstart_tz is +05:30: no time zone stays at this offset") {
			t.Errorf("%s: it %s: %v", name, m.Verdict, m.Why)
		}
	}
}

// TestOptionsAndArgumentsMove looks at what an entry has beside its times.
func TestOptionsAndArgumentsMove(t *testing.T) {
	move := func(rest string) Move {
		o := options(t)
		o.Tasks = map[string]Task{"t": {Kind: "scrape_page", Args: []string{"url", "depth"}}}
		return NewMover(o).Move(t.Context(), Stored{
			Name:       "x",
			Definition: `{"name": "x", "task": "t", "schedule": {"__type__": "crontab", "minute": 0}` + rest + `}`,
			Meta:       `{"last_run_at": ` + datetime(noon.Add(-time.Minute).In(o.Zone)) + `}`,
			Score:      float64(noon.Unix()) - 1, Scheduled: true,
		})
	}
	for name, c := range map[string]struct {
		rest, payload string
		expires       time.Duration
		changes       []string
	}{
		"nothing":            {rest: ``},
		"null":               {rest: `, "args": null, "kwargs": null, "options": null`},
		"options of null":    {rest: `, "options": {"priority": null, "link": null, "serializer": "json"}`},
		"expires in seconds": {rest: `, "options": {"expires": 90.0}`, expires: 90 * time.Second},
		"expires between": {
			rest: `, "options": {"expires": 1.5}`, expires: 2 * time.Second,
			changes: []string{"option expires 1.5 becomes 2, for seconds are whole"},
		},
		"an option of a name to obey": {
			rest:    `, "options": {"a\u001b[2J b": "\u001b"}`,
			changes: []string{`option "a\x1b[2J b" "\u001b" is dropped: it has no counterpart`},
		},
		"one of two arguments": {
			rest: `, "args": ["http://e.org/?a=1&b=<2>"], "kwargs": {"n": 12345678901234567890}`, payload: `{"n":12345678901234567890,"url":"http://e.org/?a=1&b=<2>"}`,
			changes: []string{"positional arguments: they become url"},
		},
		"a datetime at a local mean time": {
			rest: `, "kwargs": {"at": {"__type__": "datetime", "year": 1890, "month": 1, "day": 1, "hour": 1, "timezone": 3208.0}}`, payload: `{"at":"1890-01-01T00:06:32Z"}`,
			changes: []string{`kwargs.at is a datetime: it becomes the text "1890-01-01T00:06:32Z"`},
		},
		"a datetime without a zone": {
			rest: `, "kwargs": {"at": [{"__type__": "datetime", "year": 2026, "month": 1, "day": 1, "microsecond": 5000}]}`, payload: `{"at":["2026-01-01T00:00:00.005Z"]}`,
			changes: []string{`kwargs.at[0] is a datetime: it becomes the text "2026-01-01T00:00:00.005Z"`},
		},
		"a mark that is not RedBeat's": {rest: `, "kwargs": {"a": {"__type__": "page"}}`, payload: `{"a":{"__type__":"page"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			m := move(c.rest)
			if !m.Moves() || string(m.Entry.Payload) != c.payload || m.Entry.Expires != c.expires || m.Entry.Paused {
				t.Errorf("it %s (%v) with %s, expires %s, paused %t; want %s, %s, false", m.Verdict, m.Why, m.Entry.Payload, m.Entry.Expires, m.Entry.Paused, c.payload, c.expires)
			}
			if !slices.Equal(m.Changes, c.changes) {
				t.Errorf("changes are %q, want %q", m.Changes, c.changes)
			}
		})
	}
	if m := move(`, "args": [1], "kwargs": {"url": 2}`); text(m.Why) != "argument url is in args and in kwargs: remove one" {
		t.Errorf("it %s: %v", m.Verdict, m.Why)
	}
}

// TestWhatIsOverIsLeftOut tells an entry that is over in both systems from one that only
// this one takes for over.
func TestWhatIsOverIsLeftOut(t *testing.T) {
	const last = "2026-11-25T09:45:00+01:00"
	over := scheduled("x", `{"__type__": "rrule", "freq": 3, "dtstart": 1767598200, "count": 3}`, last)
	if m := NewMover(options(t)).Move(t.Context(), over); m.Verdict != LeftOut || text(m.Why) != "it is over: no tick follows its last run" {
		t.Errorf("it %s: %v", m.Verdict, m.Why)
	}
	over.Score = float64(noon.Unix())
	want := "it would not be due again here, and RedBeat has it due at 2026-11-25T20:00:00Z: run it there once more, or remove it"
	if m := NewMover(options(t)).Move(t.Context(), over); m.Verdict != Cannot || text(m.Why) != want {
		t.Errorf("it %s: %v", m.Verdict, m.Why)
	}
	expired := Stored{
		Name:       "x",
		Definition: `{"name": "x", "task": "scrape_page", "schedule": {"__type__": "crontab", "minute": 0}, "options": {"expires": ` + datetime(mustTime(last)) + `}}`,
		Meta:       over.Meta, Score: over.Score, Scheduled: true,
	}
	if m := NewMover(options(t)).Move(t.Context(), expired); m.Verdict != LeftOut {
		t.Errorf("it %s: %v", m.Verdict, m.Why)
	}
}
