package redbeat

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEntriesAreDueAsInRedBeat compares ticks with those that RedBeat itself computes. See
// testdata/ticks.py.
func TestEntriesAreDueAsInRedBeat(t *testing.T) {
	cannot := map[string]string{
		"celery.backend_cleanup": "its task does not move", "interval-half-second": "it is too short", "rrule-easter": "byeaster",
	}
	drifts := map[string]bool{"interval-float": true} // after the first tick
	file, err := os.Open(filepath.Join("testdata", "ticks.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	compared := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 4 || cannot[fields[0]] != "" {
			continue
		}
		name, schedule, last, want := fields[0], fields[1], fields[2], strings.Fields(fields[3])
		if drifts[name] {
			want = want[:1]
		}
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Now = func() time.Time { return mustTime(last) }
			m := NewMover(o).Move(t.Context(), scheduled(name, schedule, last))
			if !m.Moves() {
				t.Fatalf("it %s: %v", m.Verdict, m.Why)
			}
			ticks, err := m.Entry.NextTicks(t.Context(), m.LastRun, len(want))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, tick := range ticks {
				got = append(got, stamp(tick))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s in %s is due at\n%s\nRedBeat at\n%s", m.Entry.Spec, m.Entry.Zone, strings.Join(got, " "), strings.Join(want, " "))
			}
		})
		compared++
	}
	if compared != 69 {
		t.Errorf("compared %d entries, want 69", compared)
	}
}

// scheduled returns an entry of a schedule, as RedBeat stores it.
func scheduled(name, schedule, last string) Stored {
	meta := ""
	if last != "" {
		meta = fmt.Sprintf(`{"last_run_at": %s}`, datetime(mustTime(last)))
	}
	return Stored{
		Name:       name,
		Definition: fmt.Sprintf(`{"name": %q, "task": "app.scrape_page", "args": null, "kwargs": {}, "options": {}, "schedule": %s, "enabled": true}`, name, schedule),
		Meta:       meta, Scheduled: true, Score: -1,
	}
}

// datetime spells a moment as RedBeat does.
func datetime(at time.Time) string {
	_, offset := at.Zone()
	return fmt.Sprintf(`{"__type__": "datetime", "year": %d, "month": %d, "day": %d, "hour": %d, "minute": %d, "second": %d, "microsecond": %d, "timezone": %d.0}`,
		at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond()/1000, offset)
}

// TestCrontabsAreSpeltPlainly looks at the text that comes of a crontab, which names the
// same values as Celery's.
func TestCrontabsAreSpeltPlainly(t *testing.T) {
	for schedule, want := range map[string]string{
		`{"__type__": "crontab"}`:                                                      "* * * * *",
		`{"__type__": "crontab", "minute": "*/90", "hour": "*/12"}`:                    "0 0,12 * * *",
		`{"__type__": "crontab", "minute": "*/25", "hour": "0-23/6"}`:                  "*/25 */6 * * *",
		`{"__type__": "crontab", "minute": 0, "hour": "22-2"}`:                         "0 0-2,22,23 * * *",
		`{"__type__": "crontab", "minute": "5", "hour": 6, "day_of_week": "fri-mon"}`:  "5 6 * * SUN,MON,FRI,SAT",
		`{"__type__": "crontab", "minute": [59, 0, 0], "hour": 6, "day_of_week": "*"}`: "0,59 6 * * *",
		`{"__type__": "crontab", "minute": 0, "hour": 0, "month_of_year": "1-12/3"}`:   "0 0 * */3 *",
		`{"__type__": "crontab", "minute": 0, "hour": 0, "day_of_month": "1-7,8"}`:     "0 0 1-8 * *",
		`{"__type__": "crontab", "minute": 0, "hour": 0, "day_of_week": "0-6"}`:        "0 0 * * *",
		`{"__type__": "crontab", "minute": 0, "hour": 0, "day_of_week": "*/2"}`:        "0 0 * * SUN,TUE,THU,SAT",
	} {
		m := NewMover(options(t)).Move(t.Context(), scheduled("x", schedule, "2026-11-25T19:23:44+01:00"))
		if m.Entry.Spec != want {
			t.Errorf("%s becomes %q (%v), want %q", schedule, m.Entry.Spec, m.Why, want)
		}
	}
}
