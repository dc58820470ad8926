package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatPeopleBringFromElsewhereIsRead(t *testing.T) {
	after := mustTime(t, "2026-11-25T00:00:00Z")
	read := rows(t, "cases/accepted.tsv")
	for _, row := range read {
		got, want := mustSpec(t, row[0], "").list(after, 50), mustSpec(t, row[1], "").list(after, 50)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%q is due at %v, want the ticks of %q: %v", row[0], got[:3], row[1], want[:3])
		}
	}
	if len(read) != 15 {
		t.Errorf("compared %d, want 15", len(read))
	}
}

// TestTheLastDayOfALeapYearIsPassed has what once stopped every scheduler.
func TestTheLastDayOfALeapYearIsPassed(t *testing.T) {
	after := mustTime(t, "2040-12-30T00:00:00Z")
	for _, row := range rows(t, "cases/ticks.tsv") {
		start := after
		if isRule(row[0]) {
			start = mustTime(t, "2026-01-01T00:00:00Z")
		}
		var want []time.Time
		for text := range strings.FieldsSeq(row[2]) {
			want = append(want, mustTime(t, text))
		}
		got := mustSpec(t, row[0], row[1]).list(start, len(want))
		if len(want) == 0 || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%q in %s: got %v, want %v", row[0], row[1], got, want)
		}
	}
}

func TestNoSpanOfAnyClockEndsBeforeItBegan(t *testing.T) {
	for _, name := range zoneNames() {
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatalf("a zone of the list is none: %v", err)
		}
		for year := 2036; year <= 2200; year += 4 {
			for _, at := range []time.Time{time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(year, 12, 31, 23, 59, 59, 0, zone)} {
				s := spanAt(at.In(zone))
				if !s.end.IsZero() && !s.end.After(at) || s.start.After(at) {
					t.Fatalf("%s: the span at %s is from %s to %s", name, at, s.start, s.end)
				}
				if !s.end.IsZero() && offsetAt(s.end.Add(-time.Second).In(zone)) != s.offset {
					t.Fatalf("%s: the clock changes within the span from %s to %s", name, at, s.end)
				}
			}
		}
	}
}

// TestEveryNameInEveryCase tries each name that the documentation has, in capitals, in small
// letters and with a capital in front, in each form that takes a name.
func TestEveryNameInEveryCase(t *testing.T) {
	after := mustTime(t, "2026-11-25T00:00:00Z")
	same := func(spec, as string) {
		t.Helper()
		got, want := mustSpec(t, spec, "").list(after, 20), mustSpec(t, as, "").list(after, 20)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%q is due at %v, want the ticks of %q: %v", spec, got, as, want)
		}
	}
	for n, full := range weekDayField.names {
		for _, name := range []string{full, full[:3]} {
			for _, text := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
				same("0 8 * * "+text, fmt.Sprint("0 8 * * ", n))
				same("0 8 * * "+text+"-"+text, fmt.Sprint("0 8 * * ", n))
				same("0 8 * * MON-"+text, fmt.Sprintf("0 8 * * 1-%d", n))
				same("0 8 * * "+text+",sun", fmt.Sprintf("0 8 * * %d,0", n))
				same("0 8 * * "+text+"#3", fmt.Sprintf("0 8 * * %d#3", n))
				same("0 8 * * "+text+"#l", fmt.Sprintf("0 8 * * %d#L", n))
				same("0 8 * * "+text+"L", fmt.Sprintf("0 8 * * %d#L", n))
			}
		}
	}
	for n, full := range monthField.names {
		for _, name := range []string{full, full[:3]} {
			for _, text := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
				same("0 8 3 "+text+" *", fmt.Sprintf("0 8 3 %d *", n+1))
				same("0 8 3 "+text+"-dec *", fmt.Sprintf("0 8 3 %d-12 *", n+1))
			}
		}
	}
	same("0 8 l * *", "0 8 L * *")
	same("0 8 lw * *", "0 8 LW * *")
	same("0 8 l-3 * *", "0 8 L-3 * *")
	same("0 8 15w * *", "0 8 15W * *")
}

// TestEveryStepOfEveryField takes each field from both of its ends, with each step that it
// may have and the one beyond.
func TestEveryStepOfEveryField(t *testing.T) {
	fields := append(slices.Clone(cronFields[:]), monthDayField, monthField, weekDayField)
	for _, f := range fields {
		highest := f.lowest + f.count - 1
		for step := 1; step <= f.count+1; step++ {
			for _, span := range []struct {
				text        string
				first, last int
			}{
				{"*", f.lowest, highest},
				{fmt.Sprintf("%d-%d", f.lowest, highest), f.lowest, highest},
				{fmt.Sprintf("%d-%d", highest, highest), highest, highest},
				{fmt.Sprintf("%d-%d", f.lowest, f.lowest), f.lowest, f.lowest},
				{fmt.Sprintf("%d-%d", f.lowest+1, highest-1), f.lowest + 1, highest - 1},
			} {
				got, err := f.read(fmt.Sprintf("%s/%d", span.text, step))
				var want uint64
				for value := span.first; value <= span.last; value += step {
					want |= 1 << value
				}
				if step > f.count {
					if err == nil {
						t.Errorf("%s %s/%d is read", f.name, span.text, step)
					}
					continue
				}
				if err != nil || got != want {
					t.Errorf("%s %s/%d: got %b, %v, want %b", f.name, span.text, step, got, err, want)
				}
			}
		}
		for _, text := range []string{fmt.Sprint(highest + 2), fmt.Sprintf("%d-%d", f.lowest, highest+2), "", "-1", "1-", "1-2-3", "1//2", "*/", "1,"} {
			if got, err := f.read(text); err == nil {
				t.Errorf("%s %q is read as %b", f.name, text, got)
			}
		}
	}
}

func TestAllHoursKeepPaceHoweverTheyAreWritten(t *testing.T) {
	after := mustTime(t, "2026-10-24T23:50:00Z") // the clock goes back at 01:00Z
	want := []time.Time{mustTime(t, "2026-10-25T00:30:00Z"), mustTime(t, "2026-10-25T01:30:00Z"), mustTime(t, "2026-10-25T02:30:00Z")}
	for _, hours := range []string{"*", "*/1", "0-23", "0-11,12-23", "23,0-22"} {
		if got := mustSpec(t, "30 "+hours+" * * *", "Europe/Berlin").list(after, 3); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("30 %s * * *: %v, want %v", hours, got, want)
		}
	}
}
