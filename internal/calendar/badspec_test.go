package calendar

import (
	"strings"
	"testing"
	"time"
)

func TestBadSpecsAreNamedWithARemedy(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"", "give a cron spec"},
		{"61 * * * *", `minute "61"`},
		{"* 24 * * *", `hour "24"`},
		{"60 * * * * *", `second "60"`},
		{"* * 0 * *", `day of month "0"`},
		{"* * * foo *", `month "foo"`},
		{"* * * * 8", `day of week "8"`},
		{"*/0 * * * *", `minute "*/0"`},
		{"*/90 * * * *", `minute "*/90"`},
		{"*-5 * * * *", `minute "*-5"`},
		{"5, * * * *", `minute "5,"`},
		{"5,,6 * * * *", `minute "5,,6"`},
		{"+5 * * * *", `minute "+5"`},
		{"H * * * *", `minute "H"`},
		{"* * * * FRI-MON/0", `step "0"`},
		{"* * * * */8", "a step of 8 is longer"},
		{"0 */25 * * *", `hour "*/25"`},
		{"0 0 */32 * *", `day of month "*/32"`},
		{"0 0 * */13 *", `month "*/13"`},
		{"* * * * TH", `day of week "TH"`},
		{"* * * * Thursdays", `day of week "Thursdays"`},
		{"* * *", "it has 3 fields"},
		{"TZ=UTC * * * * *", `second "TZ=UTC"`},
		{"0 0 30 2 *", `day of month "30" never comes in month "2"`},
		{"0 0 31 4,6,9,11 *", `day of month "31" never comes`},
		{"@reboot", "use @hourly"},
		{"@DAILY", `did you mean "@daily"?`},
		{"@Every 5m", `did you mean "@every"?`},
		{"@SUNSET 52.52 13.405", `did you mean "@sunset"?`},
		{"@every 15m from noon", `from time "noon" is not RFC 3339`},
		{"@every", `interval ""`},
		{"@every 0s", "from 1s"},
		{"@every -5m", "from 1s"},
		{"@every 1500ms", "whole number of seconds"},
		{"@every 10000h", "from 1s"},
		{"at noon", `time "noon" is not RFC 3339`},
		{"at 2026-01-01T00:00:00.5Z", "whole seconds"},
		{"at 9999-12-31T23:59:59-12:00", "too far away"},
		{"* * L-40 * *", `day of month "L-40"`},
		{"* * 32W * *", `day of month "32W"`},
		{"* * ?,3 * *", `day of month "?,3"`},
		{"? * * * *", `minute "?"`},
		{"* * * * FRI#6", `day of week "FRI#6"`},
		{"* * * * 5L", `day of week "5L"`},
		{"@sunrise", "does not name one place"},
		{"@sunrise 91 0", `latitude "91"`},
		{"@sunrise NaN 0", `latitude "NaN"`},
		{"@sunrise 0 181", `longitude "181"`},
		{"@dawn_astronomical 90 0", "never happens at latitude 90"},
		{"RRULE:FREQ=DAILY", "it has 0 DTSTART lines"},
		{"DTSTART:20260101T080000", "it has 0 RRULE lines"},
		{"DTSTART:20260101 RRULE:FREQ=DAILY", `"20260101" is not a date and a time`},
		{"DTSTART;TZID=Mars/Olympus:20260101T080000 RRULE:FREQ=DAILY", `zone "Mars/Olympus"`},
		{"DTSTART:99990101T080000 RRULE:FREQ=DAILY", "too far away"},
		{"DTSTART:20260101T080000 RRULE:FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", "never meets BYHOUR, BYMINUTE and BYSECOND"},
		{"DTSTART:20260101T080000 RRULE:FREQ=FORTNIGHTLY", `FREQ "FORTNIGHTLY" is not known`},
		{"DTSTART:20260101T080000 RRULE:INTERVAL=2", "FREQ is missing"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=1001", `COUNT "1001"`},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000", "COUNT and UNTIL"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;UNTIL=20250101T000000", "UNTIL is before DTSTART"},
		{"DTSTART:20260101T080000 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "it is never due"},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY;COUNT=1 EXDATE:20260101T080000", "it is never due"},
		{"DTSTART:20260101T080000 RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=9", "never meets BYHOUR"},
		{"DTSTART:20260101T080000 RRULE:FREQ=WEEKLY;BYDAY=2MO", "a numbered day"},
		{"DTSTART:20260101T080000 RRULE:FREQ=YEARLY;BYWEEKNO=54;BYDAY=MO", `BYWEEKNO "54"`},
		{"DTSTART:20260101T080000 RRULE:FREQ=DAILY EXRULE:FREQ=WEEKLY", "is not known: use RRULE"},
		{strings.Repeat("*", 300), "at most 256"},
	}
	for _, test := range tests {
		_, err := parseText(t, test.spec, time.UTC)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Parse(%.40q) = %v, want an error with %q", test.spec, err, test.want)
		}
	}
}
