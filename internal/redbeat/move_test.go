package redbeat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/schedule"
)

// long is the name of an entry that has 200 characters.
var long = strings.Repeat("x", 200)

// TestRecordedEntriesMove moves every entry RedBeat was seen to store, and looks at all that
// becomes of it.
func TestRecordedEntriesMove(t *testing.T) {
	const berlin, scout = "Europe/Berlin", "agent_job_scout"
	for name, want := range map[string]Move{
		"args-positional": {
			Entry:   schedule.Entry{Spec: "0 * * * *", Zone: berlin, Kind: scout, Payload: []byte(`{"options":{"deep":[1,2]},"user":"u1","x":1}`)},
			Changes: []string{"positional arguments: they become user, options"},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-25T19:00:00Z"),
		},
		"celery.backend_cleanup": {Verdict: LeftOut},
		"crontab-first-monday": {
			Entry: schedule.Entry{Spec: "0 9 1-7 * MON", Cron: calendar.Celery, Zone: berlin, Kind: scout},
			Next:  mustTime("2026-12-07T08:00:00Z"),
		},
		"crontab-list-hour": {
			Entry: schedule.Entry{Spec: "*/15 8,12,18 * * SUN,THU", Zone: berlin, Kind: scout},
			Next:  mustTime("2026-11-26T07:00:00Z"),
		},
		"crontab-sets": {
			Entry: schedule.Entry{Spec: "0,30 8,9 * * *", Zone: berlin, Kind: scout},
			Next:  mustTime("2026-11-26T07:00:00Z"),
		},
		"crontab-star-24": {
			Entry: schedule.Entry{Spec: "0 0 * * *", Zone: berlin, Kind: scout},
			Next:  mustTime("2026-11-25T23:00:00Z"),
		},
		"crontab-weekdays": {
			Entry: schedule.Entry{Spec: "30 8 * * MON-FRI", Zone: berlin, Kind: scout, Payload: []byte(`{"user":"u1"}`)},
			Next:  mustTime("2026-11-26T07:30:00Z"),
		},
		"disabled": {
			Entry:   schedule.Entry{Spec: "0 4 * * *", Zone: berlin, Kind: scout, Paused: true},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T03:00:00Z"),
		},
		"dt-kwarg": {
			Entry:   schedule.Entry{Spec: "0 5 * * *", Zone: berlin, Kind: scout, Payload: []byte(`{"since":"2026-01-01T00:00:00+01:00"}`)},
			Changes: []string{`kwargs.since is a datetime: it becomes the text "2026-01-01T00:00:00+01:00"`},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T04:00:00Z"),
		},
		"has-run": {
			Entry:   schedule.Entry{Spec: "0 8 * * *", Zone: berlin, Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T07:00:00Z"),
		},
		"interval-15m": {
			Entry: schedule.Entry{Spec: "@every 15m from 2026-11-25T18:23:44Z", Zone: berlin, Kind: scout},
			Next:  mustTime("2026-11-25T18:38:44Z"),
		},
		"interval-float": {
			Entry:   schedule.Entry{Spec: "@every 1m31s from 2026-11-25T18:23:44Z", Zone: berlin, Kind: scout},
			Changes: []string{"interval of 1m30.7s: it becomes 1m31s, for ticks are whole seconds"},
			Next:    mustTime("2026-11-25T18:25:15Z"),
		},
		"interval-half-second": {
			Verdict: Cannot, Why: said("interval: every is 0.5: it has to be a number of seconds, from 1 to 31622400"),
		},
		"interval-relative": {
			Entry: schedule.Entry{Spec: "@every 1h from 2026-11-25T19:00:00Z", Zone: berlin, Kind: scout},
			Next:  mustTime("2026-11-25T19:00:00Z"),
		},
		long: {
			Entry:   schedule.Entry{ID: strings.Repeat("x", 117) + "-aa20c23e32", Spec: "0 5 * * *", Zone: berlin, Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T04:00:00Z"),
		},
		"name with spaces: and/slash é": {
			Entry:   schedule.Entry{ID: "name-with-spaces:-and-slash-8419dab609", Spec: "0 5 * * *", Zone: berlin, Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T04:00:00Z"),
		},
		"never-run": {
			Entry:   schedule.Entry{Spec: "@every 1m from 2026-11-25T18:23:45Z", Zone: berlin, Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-25T18:24:45Z"),
		},
		"options-all": {
			Entry: schedule.Entry{Spec: "0 3 * * *", Zone: berlin, Kind: scout, Payload: []byte(`{"user":"u2"}`), Expires: 2 * time.Minute},
			Changes: []string{
				"option countdown 5 is dropped: its task runs at once, so shift the schedule if that matters",
				"option priority 9 is dropped: each queue has a concurrency of its own",
				`option queue "agents_high" is dropped, there is none: the queue of its kind takes its task`,
				`option routing_key "k" is dropped: queues have names`,
				"option time_limit 60 is dropped: the policy of its kind has the limits",
			},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T02:00:00Z"),
		},
		"options-expires-dt": {
			Entry:   schedule.Entry{Spec: "0 3 * * *", Zone: berlin, Kind: scout, End: mustTime("2026-12-01T00:00:00Z")},
			Changes: []string{"option expires is a moment: it becomes the end of the entry, 2026-12-01T00:00:00Z, and a task sent before does not expire"},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T02:00:00Z"),
		},
		"rrule-easter": {
			Verdict: Cannot,
			Why:     said("rrule: byeaster is 0: nothing here counts from Easter: add an entry for each date instead, with a spec such as at 2030-04-21T09:00:00Z"),
		},
		"rrule-minutely": {
			Entry: schedule.Entry{Spec: "DTSTART:20260105T093000 RRULE:FREQ=MINUTELY;INTERVAL=5", Zone: "Etc/GMT-1", Kind: scout},
			Next:  mustTime("2026-11-25T18:25:00Z"),
		},
		"rrule-once": {
			Entry:   schedule.Entry{Spec: "at 2030-06-01T09:00:00Z", Zone: berlin, Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2030-06-01T09:00:00Z"),
		},
		"rrule-until": {
			Entry:   schedule.Entry{Spec: "DTSTART:20260105T093000 RRULE:FREQ=DAILY;UNTIL=20270101T000000Z", Zone: "Etc/GMT-1", Kind: scout},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T08:30:00Z"),
		},
		"rrule-weekday-obj": {
			Entry: schedule.Entry{Spec: "DTSTART:20260105T093000 RRULE:FREQ=MONTHLY;BYDAY=MO", Zone: "Etc/GMT-1", Kind: scout},
			Changes: []string{
				"byweekday MO: RedBeat loses the number of a weekday, such as MO(1), and reads it back as every one: so it moves; if one was meant, put the number into BYDAY, as in 1MO",
				"it is due at 2026-11-30T08:30:00Z, in RedBeat at 2026-12-07T08:29:59Z",
			},
			Next: mustTime("2026-11-30T08:30:00Z"),
		},
		"rrule-weekly": {
			Entry: schedule.Entry{Spec: "DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE", Zone: "Etc/GMT-1", Kind: scout},
			Next:  mustTime("2026-11-30T07:30:00Z"),
		},
		"static-nightly": {
			Entry:   schedule.Entry{Spec: "30 2 * * *", Zone: berlin, Kind: "briefing_generate", Queue: "briefings"},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T01:30:00Z"),
		},
		"task-dotted": {
			Entry:   schedule.Entry{Spec: "0 5 * * *", Zone: berlin, Kind: "scrape_page"},
			LastRun: mustTime("2026-11-25T18:23:45Z"), Next: mustTime("2026-11-26T04:00:00Z"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Tasks = map[string]Task{"app.tasks.agent_job_scout": {Kind: scout, Args: []string{"user", "options"}}}
			got := NewMover(o).Move(t.Context(), recorded(t)[name])
			want.From, want.Task = name, got.Task
			if want.Verdict == LeftOut {
				want.Why = got.Why
			}
			if want.Verdict == "" {
				want.Verdict = AsItIs
				if want.Changes != nil {
					want.Verdict = WithChange
				}
				want.Entry.Origin = schedule.OriginAPI
				if want.Entry.ID == "" {
					want.Entry.ID = name
				}
			}
			if want.LastRun.IsZero() {
				want.LastRun = mustTime("2026-11-25T18:23:44Z")
			}
			compareMoves(t, got, want)
		})
	}
}

// said is an error of that text.
type said string

func (s said) Error() string { return string(s) }

func compareMoves(t *testing.T, got, want Move) {
	t.Helper()
	if got.Verdict != want.Verdict {
		t.Errorf("it %s (%v), want that it %s", got.Verdict, got.Why, want.Verdict)
	}
	if text(got.Why) != text(want.Why) {
		t.Errorf("why is\n%s\nwant\n%s", text(got.Why), text(want.Why))
	}
	if !slices.Equal(got.Changes, want.Changes) {
		t.Errorf("changes are\n%s\nwant\n%s", strings.Join(got.Changes, "\n"), strings.Join(want.Changes, "\n"))
	}
	if g, w := asJSON(t, got.Entry), asJSON(t, want.Entry); g != w {
		t.Errorf("entry is\n%s\nwant\n%s", g, w)
	}
	if !want.LastRun.IsZero() && want.Moves() && !got.LastRun.Equal(want.LastRun) {
		t.Errorf("last run is %s, want %s", got.LastRun, want.LastRun)
	}
	if !got.Next.Equal(want.Next) {
		t.Errorf("next tick is %s, want %s", got.Next, want.Next)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
