package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestBadSpecsAreNamedWithARemedy(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"", "it is empty: give a cron spec such as 30 8 * * *, @every 5m, or at 2030-06-01T09:00:00Z"},
		{"61 * * * *", `minute "61" is not valid, "61" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* 24 * * *", `hour "24" is not valid, "24" is none of its values: use 0-23, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"60 * * * * *", `second "60" is not valid, "60" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * 0 * *", `day of month "0" is not valid, "0" is none of its values: use 1-31, L, L-3, LW or 15W, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * foo *", `month "foo" is not valid, "foo" is none of its values: use 1-12 or JAN-DEC, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * 8", `day of week "8" is not valid, "8" is none of its values: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"*/0 * * * *", `minute "*/0" is not valid, step "0" is not a number from 1 to 60: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"*/90 * * * *", `minute "*/90" is not valid, a step of 90 is longer than its 60 values, so that only the first would be due: write 0 for that, or an interval such as @every 90m: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"*-5 * * * *", `minute "*-5" is not valid, "*" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"5, * * * *", `minute "5," is not valid, a value is missing: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"5,,6 * * * *", `minute "5,,6" is not valid, a value is missing: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"+5 * * * *", `minute "+5" is not valid, "+5" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"H * * * *", `minute "H" is not valid, "H" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * FRI-MON/0", `day of week "FRI-MON/0" is not valid, step "0" is not a number from 1 to 7: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * */8", `day of week "*/8" is not valid, a step of 8 is longer than its 7 values, so that only the first would be due: write 0 for that, or an interval such as @every 90m: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"0 */25 * * *", `hour "*/25" is not valid, a step of 25 is longer than its 24 values, so that only the first would be due: write 0 for that, or an interval such as @every 90m: use 0-23, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"0 0 */32 * *", `day of month "*/32" is not valid, a step of 32 is longer than its 31 values, so that only the first would be due: write 1 for that, or an interval such as @every 90m: use 1-31, L, L-3, LW or 15W, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"0 0 * */13 *", `month "*/13" is not valid, a step of 13 is longer than its 12 values, so that only the first would be due: write 1 for that, or an interval such as @every 90m: use 1-12 or JAN-DEC, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * TH", `day of week "TH" is not valid, "TH" is none of its values: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * Thursdays", `day of week "Thursdays" is not valid, "Thursdays" is none of its values: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * *", "it has 3 fields: a cron spec has five (minute, hour, day of month, month, day of week), or six with seconds first"},
		{"TZ=UTC * * * * *", `second "TZ=UTC" is not valid, "TZ=UTC" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"0 0 30 2 *", `day of month "30" never comes in month "2": choose a day that these months have`},
		{"0 0 31 4,6,9,11 *", `day of month "31" never comes in month "4,6,9,11": choose a day that these months have`},
		{"@reboot", `"@reboot" is not known: use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405`},
		{"@DAILY", `"@DAILY" is not known (did you mean "@daily"?): use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405`},
		{"@Every 5m", `"@Every 5m" is not known (did you mean "@every"?): use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405`},
		{"@SUNSET 52.52 13.405", `"@SUNSET 52.52 13.405" is not known (did you mean "@sunset"?): use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405`},
		{"@every 15m from noon", `from time "noon" is not RFC 3339: write 2030-06-01T09:00:00Z or 2030-06-01T09:00:00+02:00`},
		{"@every", `interval "" is not a duration: write @every 90s, @every 5m or @every 1h30m`},
		{"@every 0s", `interval "0s": give a whole number of seconds, from 1s to 8784h0m0s`},
		{"@every -5m", `interval "-5m": give a whole number of seconds, from 1s to 8784h0m0s`},
		{"@every 1500ms", `interval "1500ms": give a whole number of seconds, from 1s to 8784h0m0s`},
		{"@every 10000h", `interval "10000h": give a whole number of seconds, from 1s to 8784h0m0s`},
		{"at noon", `time "noon" is not RFC 3339: write 2030-06-01T09:00:00Z or 2030-06-01T09:00:00+02:00`},
		{"at 2026-01-01T00:00:00.5Z", `time "2026-01-01T00:00:00.5Z" has a fraction: give whole seconds`},
		{"at 9999-12-31T23:59:59-12:00", `time "9999-12-31T23:59:59-12:00" is too far away: give a year until 2200`},
		{"* * L-40 * *", `day of month "L-40" is not valid, from 1 to 30 days before the last go behind L-: use 1-31, L, L-3, LW or 15W, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * 32W * *", `day of month "32W" is not valid, a day from 1 to 31 goes before W: use 1-31, L, L-3, LW or 15W, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * ?,3 * *", `day of month "?,3" is not valid, "?" is none of its values: use 1-31, L, L-3, LW or 15W, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"? * * * *", `minute "?" is not valid, "?" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * FRI#6", `day of week "FRI#6" is not valid, # stands before a number from 1 to 5, or L for the last: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"* * * * 5L", `day of week "5L" is not valid, the number before L counts from Sunday as 1 in some systems: name the day, as in FRIL: use 0-7, SUN-SAT, FRI#3 or FRI#L, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		{"@sunrise", `"" does not name one place: give a latitude and a longitude in degrees, as in @sunrise 52.52 13.405`},
		{"@sunrise 91 0", `latitude "91" is not valid: give decimal degrees from -90 to 90`},
		{"@sunrise NaN 0", `latitude "NaN" is not valid: give decimal degrees from -90 to 90`},
		{"@sunrise 0 181", `longitude "181" is not valid: give decimal degrees from -180 to 180`},
		{"@dawn_astronomical 90 0", "@dawn_astronomical never happens at latitude 90: choose a place farther from the pole, or another event"},
		{"RRULE:FREQ=DAILY", "it has 0 DTSTART lines: give one, such as DTSTART:20260105T083000, from which the rule counts"},
		{"DTSTART:20260101T080000", "it has 0 RRULE lines: give one, such as RRULE:FREQ=WEEKLY;BYDAY=MO"},
		{"DTSTART:20260101 RRULE:FREQ=DAILY", `DTSTART "20260101" is not a date and a time: write 20260105T083000, or 20260105T083000Z for UTC`},
		{"DTSTART;TZID=Mars/Olympus:20260101T080000 RRULE:FREQ=DAILY", `DTSTART: zone "Mars/Olympus" is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC`},
		{"DTSTART:99990101T080000 RRULE:FREQ=DAILY", `DTSTART "99990101T080000" is too far away: give a year from 1900 to 2200`},
		{"DTSTART:20260101T080000 RRULE:FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", "RRULE: INTERVAL=2 from 08:00:00 never meets BYHOUR, BYMINUTE and BYSECOND: change one of them"},
		{"DTSTART:20260101T080000 RRULE:FREQ=FORTNIGHTLY", `RRULE: FREQ "FORTNIGHTLY" is not known: use YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY`},
		{"DTSTART:20260101T080000 RRULE:INTERVAL=2", "RRULE: FREQ is missing: give FREQ=YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=1001", `RRULE: COUNT "1001" is not valid: give a number from 1 to 1000`},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000", "RRULE: COUNT and UNTIL both end it: give one of them"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;UNTIL=20250101T000000", "RRULE: UNTIL is before DTSTART: it is never due"},
		{"DTSTART:20260101T080000 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "it is never due within a hundred years: no time from DTSTART on suits all parts of RRULE, or EXDATE takes every one out"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=1 EXDATE:20260101T080000", "it is never due within a hundred years: no time from DTSTART on suits all parts of RRULE, or EXDATE takes every one out"},
		{"DTSTART:20260101T080000 RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=9", "RRULE: INTERVAL=24 from 08:00:00 never meets BYHOUR, BYMINUTE and BYSECOND: change one of them"},
		{"DTSTART:20260101T080000 RRULE:FREQ=WEEKLY;BYDAY=2MO", "RRULE: BYDAY 2MO: a numbered day goes with FREQ=MONTHLY or YEARLY, and not with BYWEEKNO"},
		{"DTSTART:20260101T080000 RRULE:FREQ=YEARLY;BYWEEKNO=54;BYDAY=MO", `RRULE: BYWEEKNO "54" is not valid: give a number from 1 to 53, or from -53 to -1 to count from the end`},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY EXRULE:FREQ=WEEKLY", `line "EXRULE:FREQ=WEEKLY" is not known: use RRULE, DTSTART, EXDATE and RDATE`},
	}
	for _, test := range tests {
		_, err := parseText(t, test.spec, time.UTC)
		if want := fmt.Sprintf("spec %q: %s", test.spec, test.want); fmt.Sprint(err) != want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
	_, err := parseText(t, strings.Repeat("*", 300), time.UTC)
	if want := `spec "********************"… has 300 bytes: at most 256 are allowed`; fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
