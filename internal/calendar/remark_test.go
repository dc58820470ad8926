package calendar

import (
	"testing"
)

func TestACronWithBothDaysIsRemarkedOn(t *testing.T) {
	for _, test := range []struct{ spec, days, weekdays, other string }{ // other is empty for no remark
		{"0 9 1-7 * mon", "1-7", "mon", `"0 9 * * MON#1"`},
		{"30 9 15-21 jan Friday", "15-21", "Friday", `"30 9 * jan FRI#3"`},
		{"5 30 9 22-28 * 0", "22-28", "0", `"5 30 9 * * SUN#4"`},
		{"0 9 13 * FRI", "13", "FRI", "RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR with a DTSTART at the time of day"},
		{"0 9 1-7 * 1,2", "1-7", "1,2", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=MO,TU with a DTSTART at the time of day"},
		{"0 9 */2 * MON-FRI", "*/2", "MON-FRI", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31;BYDAY=MO,TU,WE,TH,FR with a DTSTART at the time of day"},
		{"0 9 L * FRI", "L", "FRI", "a rule with BYMONTHDAY and BYDAY"},
		{spec: "0 9 * * MON"}, {spec: "0 9 ? * MON"}, {spec: "0 9 1 * *"}, {spec: "0 9 */1 * MON"}, {spec: "0 9 1 * ?"},
		{spec: "@daily"}, {spec: "at 2030-01-01T00:00:00Z"}, {spec: "@sunset 52 13"}, {spec: "no spec"},
		{spec: "DTSTART:20260101T000000 RRULE:FREQ=DAILY"},
	} {
		want := ""
		if test.other != "" {
			want = "day of month " + test.days + " and day of week " + test.weekdays + " are both restricted: it is due when either matches, as crontab(5) has it. " +
				"Celery asks for both: for that say cron: celery (--cron=celery), or write " + test.other + ". To keep it as it is without this remark, say cron: crontab."
		}
		if got := Remark(test.spec, ""); got != want {
			t.Errorf("Remark(%q)\n got %s\nwant %s", test.spec, got, want)
		}
		for _, dialect := range []Dialect{Crontab, Celery} {
			if got := Remark(test.spec, dialect); got != "" {
				t.Errorf("%q is remarked on although it is said to be read as %s: %s", test.spec, dialect, got)
			}
		}
	}
}

// TestTheOtherWordsMeanWhatCeleryMeans takes the proposals at their word.
func TestTheOtherWordsMeanWhatCeleryMeans(t *testing.T) {
	after := mustTime(t, "2026-11-25T00:00:00Z")
	for spec, other := range map[string]string{
		"0 9 1-7 * mon":     "0 9 * * MON#1",
		"30 9 15-21 jan 5":  "30 9 * jan FRI#3",
		"5 30 9 22-28 * 0":  "5 30 9 * * SUN#4",
		"0 9 13 * FRI":      "DTSTART:20260101T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
		"0 9 */2 * MON-FRI": "DTSTART:20260101T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31;BYDAY=MO,TU,WE,TH,FR",
	} {
		got, want := mustRead(t, spec, "Europe/Berlin", Celery).list(after, 30), mustSpec(t, other, "Europe/Berlin").list(after, 30)
		for i := range want {
			if !got[i].Equal(want[i]) {
				t.Errorf("%q as Celery reads it is due at %s, %q at %s", spec, got[i], other, want[i])
				break
			}
		}
	}
}
