package calendar

import (
	"fmt"
	"testing"
	"time"
)

func TestNextTick(t *testing.T) {
	tests := []struct{ spec, zone, after, want string }{
		{"30 8 * * *", "", "2026-01-01T08:29:59Z", "2026-01-01T08:30:00Z"},
		{"30 8 * * *", "", "2026-01-01T08:30:00Z", "2026-01-02T08:30:00Z"},
		{"30 8 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T06:30:00Z"},
		{"15 30 8 * * *", "", "2026-01-01T08:30:00Z", "2026-01-01T08:30:15Z"},
		{"0 9 * * MON-FRI", "", "2026-01-02T10:00:00Z", "2026-01-05T09:00:00Z"},
		{"0 9 * * 7", "", "2026-01-02T10:00:00Z", "2026-01-04T09:00:00Z"},
		{"0 9 13 * FRI", "", "2026-01-01T00:00:00Z", "2026-01-02T09:00:00Z"},
		{"0 22-2 * * *", "", "2026-01-01T23:30:00Z", "2026-01-02T00:00:00Z"},
		{"0 0 29 2 *", "", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"0 0 * 2 MON#5", "", "2072-03-01T00:00:00Z", "2112-02-29T00:00:00Z"},
		{"0 0 1 jan *", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"*/5 * * * *", "", "2026-01-01T00:00:00.5Z", "2026-01-01T00:05:00Z"},
		{"@hourly", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"},
		{"@weekly", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"@midnight", "Asia/Tokyo", "2026-01-01T00:00:00Z", "2026-01-01T15:00:00Z"},
		{"@annually", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", "", "2026-01-07T08:30:00Z", "2026-01-12T08:30:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", "", "2026-01-12T08:30:00Z", ""},
		{"RRULE:FREQ=DAILY DTSTART:20260105T083000 EXDATE:20260106T083000", "Europe/Berlin", "2026-01-05T08:00:00Z", "2026-01-07T07:30:00Z"},
		{"RRULE:FREQ=DAILY;UNTIL=20260106T073000Z DTSTART;TZID=Europe/Berlin:20260105T083000", "", "2026-01-05T08:00:00Z", "2026-01-06T07:30:00Z"},
		{"RRULE:FREQ=DAILY;UNTIL=20260106T073000Z DTSTART;TZID=Europe/Berlin:20260105T083000", "", "2026-01-06T07:30:00Z", ""},
		{"RRULE:FREQ=YEARLY DTSTART:20260105T083000Z RDATE:20260301T120000Z", "Asia/Tokyo", "2026-01-06T00:00:00Z", "2026-03-01T12:00:00Z"},
		{"rrule:freq=monthly;byday=-1fr dtstart:20260105t083000", "", "2026-01-31T00:00:00Z", "2026-02-27T08:30:00Z"},
		{"DTSTART:20260105T083000\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "", "2026-01-06T00:00:00Z", "2026-01-30T08:30:00Z"},
		{"DTSTART:20260107T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "", "2026-01-01T00:00:00Z", "2026-01-07T08:00:00Z"},
		{"DTSTART:20260107T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=2", "", "2026-01-07T08:00:00Z", "2026-01-12T08:00:00Z"},
		// BYSETPOS picks from the whole week, also from that of DTSTART, a Wednesday.
		{"DTSTART:20260107T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "", "2026-01-06T00:00:00Z", "2026-01-07T08:00:00Z"},
		{"DTSTART:20260107T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "", "2026-01-07T08:00:00Z", "2026-01-14T08:00:00Z"},
		{"DTSTART:20260107T080000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=2", "", "2026-01-07T08:00:00Z", "2026-01-14T08:00:00Z"},
		{"DTSTART:20260107T080000 RRULE:FREQ=DAILY;BYHOUR=8,8;COUNT=2", "", "2026-01-07T08:00:00Z", "2026-01-08T08:00:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=DAILY EXDATE;TZID=America/New_York:20260106T023000", "Europe/Berlin", "2026-01-05T08:00:00Z", "2026-01-07T07:30:00Z"},
		{"DTSTART:20260329T023000 RRULE:FREQ=DAILY", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"DTSTART:20260329T023000 RRULE:FREQ=DAILY", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"DTSTART:20261025T003000 RRULE:FREQ=HOURLY;UNTIL=20261025T023000", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"DTSTART:20240229T080000 RRULE:FREQ=YEARLY", "", "2024-03-01T00:00:00Z", "2028-02-29T08:00:00Z"},
		{"DTSTART:20260101T023000 RRULE:FREQ=DAILY", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"@every 90s", "", "1970-01-01T00:00:00Z", "1970-01-01T00:01:30Z"},
		{"@every 90s", "", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"},
		{"@every 1s", "", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"},
		{"@every 15m from 2026-11-25T10:07:31Z", "", "2026-11-25T10:07:30Z", "2026-11-25T10:07:31Z"},
		{"@every 15m from 2026-11-25T10:07:31Z", "", "2026-11-25T10:07:31Z", "2026-11-25T10:22:31Z"},
		{"@every 15m from 2026-11-25T12:07:31+02:00", "", "2020-01-01T00:00:00Z", "2020-01-01T00:07:31Z"},
		{"@every 1h from 1969-12-31T23:50:00Z", "", "2026-11-25T10:00:00Z", "2026-11-25T10:50:00Z"},
		{"RRULE:FREQ=DAILY; DTSTART:20260105T083000", "", "2026-01-05T08:00:00Z", "2026-01-05T08:30:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=MINUTELY;INTERVAL=5", "", "2026-01-05T08:31:00Z", "2026-01-05T08:35:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=SECONDLY;INTERVAL=20;BYHOUR=9", "", "2026-01-05T08:31:00Z", "2026-01-05T09:00:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=MONTHLY;BYDAY=WE,1MO", "", "2026-02-01T00:00:00Z", "2026-02-02T08:30:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "", "2026-02-01T00:00:00Z", "2026-12-28T08:30:00Z"},
		{"DTSTART:20260105T083000 RRULE:FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "", "2026-12-31T00:00:00Z", "2031-12-29T08:30:00Z"},
		// What keeps its pace: every five minutes, but not every ninety.
		{"DTSTART:20260105T000000 RRULE:FREQ=MINUTELY;INTERVAL=5", "Europe/Berlin", "2026-10-25T00:55:00Z", "2026-10-25T01:00:00Z"},
		{"DTSTART:20260105T000000 RRULE:FREQ=MINUTELY;INTERVAL=90", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z"},
		{"at 2026-06-01T09:00:00+02:00", "", "2026-06-01T06:59:59Z", "2026-06-01T07:00:00Z"},
		{"at 2026-06-01T09:00:00Z", "", "2026-06-01T09:00:00Z", ""},
		// The gap: from 02:00 to 03:00 there is no clock to show 02:30.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"*/10 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"},
		{"*/5 * * * *", "Europe/Berlin", "2026-03-29T00:55:00Z", "2026-03-29T01:00:00Z"},
		{"30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		{"0 * * * *", "Australia/Lord_Howe", "2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z"},
		// The overlap: from 02:00 to 03:00 the clock goes twice.
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"*/5 * * * *", "Europe/Berlin", "2026-10-25T00:55:00Z", "2026-10-25T01:00:00Z"},
		{"15 * 25 10 *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z"},
		{"15 * 17 2 *", "America/Sao_Paulo", "2018-02-18T01:30:00Z", "2018-02-18T02:15:00Z"},
		// A rare tick, close to a clock change that is years away.
		{"30 2 25 10 *", "Europe/Berlin", "2025-10-25T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"30 2 29 3 *", "Europe/Berlin", "2025-03-29T12:00:00Z", "2026-03-29T01:00:00Z"},
		// A whole day that never was.
		{"0 8 * * *", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"},
		{"0 8 * * *", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z"},
	}
	for _, test := range tests {
		got := mustSpec(t, test.spec, test.zone).Next(mustTime(t, test.after))
		if test.want == "" {
			if !got.IsZero() {
				t.Errorf("%q in %q after %s: got %s, want no tick", test.spec, test.zone, test.after, got)
			}
			continue
		}
		if !got.Equal(mustTime(t, test.want)) {
			t.Errorf("%q in %q after %s: got %s, want %s", test.spec, test.zone, test.after, got, test.want)
		}
	}
}

func TestCronInTheYearsBeforeStandardTime(t *testing.T) {
	spec := mustSpec(t, "0 12 * * *", "Europe/Amsterdam")
	tick := spec.Next(time.Date(1880, 1, 1, 0, 0, 0, 0, time.UTC))
	if tick.Year() != 1880 {
		t.Errorf("got %s, want a tick in 1880", tick)
	}
}

func TestExcludedDatesAreLeftOut(t *testing.T) {
	const rule, excluded = "DTSTART:20260105T080000 RRULE:FREQ=DAILY", " RDATE:20260106T120000,20260107T120000 EXDATE:20260106T080000,20260107T080000,20260107T120000"
	for _, form := range []string{rule + excluded, rule + ";COUNT=4" + excluded} {
		spec := mustSpec(t, form, "Europe/Berlin")
		after := mustTime(t, "2026-01-05T00:00:00Z")
		for _, want := range []string{"2026-01-05T07:00:00Z", "2026-01-06T11:00:00Z", "2026-01-08T07:00:00Z"} {
			next := spec.Next(after)
			if !next.Equal(mustTime(t, want)) {
				t.Errorf("%s after %s: got %s, want %s", form, after, next, want)
			}
			after = next
		}
	}
}

func TestAKnownSpecKeepsToItsZone(t *testing.T) {
	after := mustTime(t, "2026-01-01T00:00:00Z")
	for _, offset := range []int{1, 2, 1} {
		// Two zones of one name are not the same zone.
		zone := time.FixedZone("here", offset*3600)
		spec, err := parseText(t, "30 8 * * *", zone)
		if err != nil {
			t.Fatal(err)
		}
		if next, want := (ticks{t, spec}).Next(after), time.Date(2026, 1, 1, 8, 30, 0, 0, zone); !next.Equal(want) {
			t.Errorf("%d hours east: got %s, want %s", offset, next, want)
		}
	}
}

func TestKnownSpecsAreBounded(t *testing.T) {
	for second := range 5000 {
		if _, err := parseText(t, fmt.Sprintf("@every %ds", second+1), time.UTC); err != nil {
			t.Fatal(err)
		}
	}
	if n := recent.Len(); n > 4096 {
		t.Errorf("%d specs are kept, want 4096 at most", n)
	}
}
