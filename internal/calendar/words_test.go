package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestSpecsAreSaidInWords(t *testing.T) {
	const rule = "DTSTART:20260105T083000 RRULE:FREQ="
	const starts = ", starting 2026-01-05 08:30"
	for _, row := range []struct{ spec, words string }{
		{"* * * * *", "Every minute"},
		{"* * * * * *", "Every second"},
		{"*/10 * * * * *", "Every 10 seconds"},
		{"15 * * * * *", "At second 15 of every minute"},
		{"5,25 */15 * * * *", "At seconds 5 and 25 of minutes 0, 15, 30 and 45 of every hour"},
		{"* * 5 * * *", "Every second of every minute of the hour 05 every day"},
		{"15 30 8 * * *", "At 08:30:15 every day"},
		{"*/15 * * * *", "Every 15 minutes"},
		{"0,30 * * * *", "Every 30 minutes"},
		{"*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"},
		{"1-59/2 * * * *", "At every 2nd minute from 1 to 59 of every hour"},
		{"0-29 * * * *", "At minutes 0 to 29 of every hour"},
		{"3-59/8 2-20/6 * * *", "At minutes 3, 11, 19, 27, 35, 43, 51 and 59 of the hours 02, 08, 14 and 20 every day"},
		{"30 * * * *", "At minute 30 of every hour"},
		{"0 */2 * * *", "Every 2 hours from 00:00 every day"},
		{"30 */3 * * MON", "Every 3 hours from 00:30 on Monday"},
		{"0 */5 * * *", "At 00:00, 05:00, 10:00, 15:00 and 20:00 every day"},
		{"0 1-23/2 * * *", "At minute 0 of the hours 01, 03, 05, 07, 09, 11, 13, 15, 17, 19, 21 and 23 every day"},
		{"0 9-17 * * *", "At minute 0 of the hours 09 to 17 every day"},
		{"* 9-17 * * 1-5", "Every minute from 09:00 to 17:59 on Monday to Friday"},
		{"*/15 9-17 * * *", "Every 15 minutes from 09:00 to 17:45 every day"},
		{"*/10 22-2 * * *", "Every 10 minutes from 22:00 to 02:50 every day"},
		{"*/20 6,18,19 * * *", "Every 20 minutes of the hours 06, 18 and 19 every day"},
		{"0 8 * * MON-FRI", "At 08:00 on Monday to Friday"},
		{"0 8,20 * * *", "At 08:00 and 20:00 every day"},
		{"0 9 * * 0", "At 09:00 on Sunday"},
		{"0 9 * * 7", "At 09:00 on Sunday"},
		{"0 9 * * 5-7", "At 09:00 on Friday to Sunday"},
		{"0 9 * * 0-2", "At 09:00 on Sunday to Tuesday"},
		{"0 9 * * 6,0", "At 09:00 on Saturday and Sunday"},
		{"0 9 * * FRI-MON", "At 09:00 on Friday to Monday"},
		{"0 9 * * FRI-MON/2", "At 09:00 on Friday and Sunday"},
		{"0 9 * * */2", "At 09:00 on Tuesday, Thursday, Saturday and Sunday"},
		{"0 9 * * 0-6", "At 09:00 on any day of the week"},
		{"0 9 * * FRI#3", "At 09:00 on the third Friday of the month"},
		{"0 9 * * FRIL", "At 09:00 on the last Friday of the month"},
		{"0 9 * * 1,3,FRI#2", "At 09:00 on Monday and Wednesday and on the second Friday of the month"},
		{"0 9 L * *", "At 09:00 on the last day of the month"},
		{"0 9 L-3 * *", "At 09:00 on the 4th to last day of the month"},
		{"0 9 LW * *", "At 09:00 on the last working day of the month"},
		{"0 9 15W * *", "At 09:00 on the working day nearest to day 15 of the month"},
		{"0 9 1,15,L * *", "At 09:00 on days 1 and 15 and the last day of the month"},
		{"0 0 */2 * *", "At 00:00 on every 2nd day from 1 to 31 of the month"},
		{"0 0 */10 * *", "At 00:00 on days 1, 11, 21 and 31 of the month"},
		{"0 9 ? * *", "At 09:00 every day"},
		{"0 0 * 3-5 *", "At 00:00 every day in March to May"},
		{"0 0 * nov-feb MON", "At 00:00 on Monday in November to February"},
		{"0 0 1 */3 *", "At 00:00 on day 1 of the month in January, April, July and October"},
		{"0 9 13 * FRI", "At 09:00 on day 13 of the month or on Friday"},
		{"0 9 13 6 FRI", "At 09:00 on day 13 of the month or on Friday, in June"},
		{"0 9 1-31 * MON", "At 09:00 on days 1 to 31 of the month or on Monday"},
		{"0 9 */1 * MON", "At 09:00 on Monday"},
		{"1,2,4,5,7,8,10,11,13,14,16,17,19,20 * * * *", `"1,2,4,5,7,8,10,11,13,14,16,17,19,20 * * * *"`},
		{"@hourly", "Every hour"},
		{"@daily", "At 00:00 every day"},
		{"@midnight", "At 00:00 every day"},
		{"@weekly", "At 00:00 on Sunday"},
		{"@monthly", "At 00:00 on day 1 of the month"},
		{"@yearly", "At 00:00 on day 1 of the month in January"},
		{"@every 1s", "Every second"},
		{"@every 90s", "Every 1 minute and 30 seconds"},
		{"@every 15m", "Every 15 minutes"},
		{"@every 36h", "Every 36 hours"},
		{"@every 15m from 2026-11-25T12:07:31+02:00", "Every 15 minutes, counted from 2026-11-25 10:07:31 UTC"},
		{"at 2030-06-01T11:00:00+02:00", "Once, at 2030-06-01 09:00 UTC"},
		{"@sunset 52.52 13.405", "At sunset at 52.52° north, 13.405° east"},
		{"@dawn_astronomical -33 -70.5", "At astronomical dawn at 33° south, 70.5° west"},
		{"@solar_noon 0 0", "At solar noon at 0° north, 0° east"},
		{rule + "DAILY", "Every day at 08:30" + starts},
		{rule + "DAILY;INTERVAL=3;BYMONTH=1,2,3", "Every 3 days at 08:30, but only in January to March" + starts},
		{rule + "DAILY;BYHOUR=8,12;BYSETPOS=1", "Every day at 08:30" + starts},
		{rule + "WEEKLY;BYDAY=MO,WE;COUNT=10", "Every week on Monday and Wednesday at 08:30" + starts + ", 10 times in all"},
		{rule + "WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO", "Every 2 weeks on Sunday and Monday at 08:30, in weeks that begin on Sunday" + starts},
		{rule + "MONTHLY;BYMONTHDAY=-1,15", "Every month on day 15 and the last day of the month at 08:30" + starts},
		{rule + "MONTHLY;BYMONTHDAY=13;BYDAY=FR", "Every month on day 13 of the month at 08:30, but only on Friday" + starts},
		{rule + "MONTHLY;BYDAY=2MO,-1FR", "Every month on the second Monday and the last Friday of the month at 08:30" + starts},
		{rule + "MONTHLY;BYDAY=SA,SU;BYSETPOS=-1", "Every month on every Saturday and every Sunday at 08:30, but only the last of these times in the month" + starts},
		{rule + "YEARLY", "Every year on day 5 of the month in January at 08:30" + starts},
		{rule + "YEARLY;BYMONTHDAY=-2", "Every year on the 2nd to last day of every month at 08:30" + starts},
		{rule + "YEARLY;BYDAY=20MO", "Every year on the 20th Monday of the year at 08:30" + starts},
		{rule + "YEARLY;BYYEARDAY=100,-1", "Every year on day 100 and the last day of the year at 08:30" + starts},
		{rule + "YEARLY;BYWEEKNO=20;BYDAY=MO", "Every year on every Monday at 08:30, but only in the 20th week of the year" + starts},
		{rule + "HOURLY;INTERVAL=6;BYDAY=TU", "Every 6 hours at minute 30, but only on Tuesday" + starts},
		{rule + "MINUTELY;INTERVAL=20;BYHOUR=9,10,11", "Every 20 minutes, but only in hours 09 to 11" + starts},
		{rule + "HOURLY;BYMINUTE=0,30;BYSETPOS=1", `"` + rule + `HOURLY;BYMINUTE=0,30;BYSETPOS=1"`},
		{rule + "DAILY;UNTIL=20260110T083000 EXDATE:20260106T083000 RDATE:20260201T100000,20260202T100000",
			"Every day at 08:30" + starts + ", until 2026-01-10 08:30, except at 2026-01-06 08:30, and also at 2 other times"},
		{"DTSTART;TZID=Asia/Tokyo:20260105T083000 RRULE:FREQ=DAILY", "Every day at 08:30" + starts + ", Asia/Tokyo time"},
	} {
		if _, err := parseText(t, row.spec, time.UTC); err != nil {
			t.Errorf("%q is not read: %v", row.spec, err)
		}
		if got := Describe(row.spec, Options{}); got != row.words {
			t.Errorf("%q\n got %s\nwant %s", row.spec, got, row.words)
		}
	}
}

func TestTheWordsSayZoneAndDialectWhereTheyMatter(t *testing.T) {
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		spec    string
		dialect Dialect
		words   string
	}{
		{"0 8 * * *", "", "At 08:00 every day, Europe/Berlin time"},
		{"0 9 1-7 * MON", Crontab, "At 09:00 on days 1 to 7 of the month or on Monday, Europe/Berlin time"},
		{"0 9 1-7 * MON", Celery, "At 09:00 on days 1 to 7 of the month, but only on Monday, Europe/Berlin time"},
		{"0 9 1-7 6 MON", Celery, "At 09:00 on days 1 to 7 of the month, but only on Monday, in June, Europe/Berlin time"},
		{"@every 15m", "", "Every 15 minutes"},
		{"at 2030-06-01T09:00:00Z", "", "Once, at 2030-06-01 09:00 UTC"},
		{"DTSTART:20260105T083000Z RRULE:FREQ=DAILY", "", "Every day at 08:30, starting 2026-01-05 08:30, UTC"},
		{"DTSTART:20260105T083000 RRULE:FREQ=DAILY", "", "Every day at 08:30, starting 2026-01-05 08:30, Europe/Berlin time"},
	} {
		if got := Describe(row.spec, Options{Zone: berlin, Cron: row.dialect}); got != row.words {
			t.Errorf("%q as %s\n got %s\nwant %s", row.spec, row.dialect, got, row.words)
		}
	}
}

// TestSpecsOfOneSentenceAreDueAtTheSameTimes holds the words to what they mean, in all combinations of some
// fields: two specs that are said alike are due alike.
func TestSpecsOfOneSentenceAreDueAtTheSameTimes(t *testing.T) {
	minutes := []string{"*", "0", "0,30", "30", "*/7", "*/15", "5-59/15", "0-29", "1-59/2", "0-58/2", "59-3"}
	hours := []string{"*", "0", "*/2", "1-23/2", "*/5", "*/7", "9-17", "22-2", "8,20", "6-12/3", "23,0"}
	dates := []string{"*", "1", "*/2", "2-31/2", "*/10", "1-31", "L", "L-1", "LW", "1W", "1,15,L-2", "28-3"}
	weekdays := []string{"*", "0", "7", "5-7", "0-2", "6,0", "FRI-MON/2", "*/2", "1-5", "0-6", "FRI#3", "FRIL", "MON,TUE#1"}
	said := map[string]string{}
	due := map[string][]time.Time{}
	start := mustTime(t, "2026-01-01T00:00:00Z")
	for _, dialect := range []Dialect{Crontab, Celery} {
		for _, minute := range minutes {
			for _, hour := range hours {
				for i, date := range dates {
					weekday := weekdays[(i*7+len(minute)*3+len(hour))%len(weekdays)]
					spec := strings.Join([]string{minute, hour, date, "*", weekday}, " ")
					words := Describe(spec, Options{Cron: dialect})
					read, err := Parse(NewBudget(t.Context()), spec, Options{Cron: dialect})
					if err != nil {
						continue // these days never come together
					}
					got := ticks{t, read}.list(start, 50)
					if other, again := said[words]; again && !slices.EqualFunc(got, due[words], time.Time.Equal) {
						t.Errorf("%q (%s) and %q are said alike, %s, and are due at other times", spec, dialect, other, words)
					}
					said[words], due[words] = spec, got
				}
			}
		}
	}
	if len(said) < 1000 {
		t.Errorf("only %d sentences are compared", len(said))
	}
}

// checkWords holds what is said of a spec: it can be printed, and is not long.
func checkWords(t *testing.T, spec, zone string, dialect Dialect) {
	t.Helper()
	location, _ := LoadZone(zone) // nil is UTC
	words := Describe(spec, Options{Zone: location, Cron: dialect})
	if words == "" || len(words) > maxWords || !utf8.ValidString(words) || strings.ContainsFunc(words, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("%q is said as %q, in %d bytes", spec, words, len(words))
	}
}

func TestAnySpecIsSaidInWordsThatCanBePrinted(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	quoted := 0
	for range 20_000 {
		spec := randomSpec(r)
		checkWords(t, spec, "Asia/Kolkata", []Dialect{"", Celery}[r.IntN(2)])
		if strings.HasPrefix(Describe(spec, Options{}), `"`) {
			quoted++
		}
	}
	if quoted > 15_000 {
		t.Errorf("%d of 20,000 specs are only quoted", quoted)
	}
	for _, spec := range []string{"", " ", "\x00", "\xff", strings.Repeat("ü\n", 400), "DTSTART:\u2028", strings.Repeat(`\`, 400)} {
		checkWords(t, spec, "", "")
	}
}

func FuzzDescribe(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(randomSpec(rand.New(rand.NewPCG(seed, 1))), "Europe/Berlin", seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, spec, zone string, celery bool) {
		checkWords(t, spec, zone, map[bool]Dialect{true: Celery}[celery])
	})
}

func BenchmarkDescribe(b *testing.B) {
	for _, spec := range []string{"*/15 9-17 * * MON-FRI", "DTSTART:20260105T083000 RRULE:FREQ=MONTHLY;BYDAY=2MO,-1FR"} {
		b.Run(fmt.Sprint(len(spec)), func(b *testing.B) {
			for b.Loop() {
				Describe(spec, Options{})
			}
		})
	}
}
