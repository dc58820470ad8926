package calendar

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A vector is what somebody else's library makes of a spec: the first ticks after a moment.
// The files say which library, and beside them are the programs that asked it, for Debian's python3.
type vector struct {
	spec, zone string
	dialect    Dialect
	after      time.Time
	want       []time.Time
	more       bool // there may be ticks after those wanted
}

const (
	basicUTC  = "20060102T150405Z"
	basicWall = "20060102T150405"
)

// rows returns the lines of a file in testdata that are not comments, split at tabs.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var all [][]string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := lines.Text(); line != "" && line[0] != '#' {
			all = append(all, strings.Split(line, "\t"))
		}
	}
	return all
}

func moments(t *testing.T, layout, list string) []time.Time {
	t.Helper()
	var all []time.Time
	for text := range strings.SplitSeq(list, ",") {
		if text == "-" || text == "" {
			continue
		}
		at, err := time.Parse(layout, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
	}
	return all
}

// compare asks for each vector's ticks, and for the first from some moments in between.
func compare(t *testing.T, vectors []vector, atLeast int) {
	t.Helper()
	wrong := 0
	for _, v := range vectors {
		spec := mustRead(t, v.spec, v.zone, v.dialect)
		got := spec.list(v.after, len(v.want))
		if !v.more {
			got = spec.list(v.after, len(v.want)+1)
		}
		if !slices.EqualFunc(got, v.want, time.Time.Equal) {
			if wrong++; wrong < 20 {
				t.Errorf("%q in %q (%s) after %s:\n got %v\nwant %v", v.spec, v.zone, v.dialect, v.after, got, v.want)
			}
		}
	}
	if len(vectors) < atLeast || wrong > 0 {
		t.Errorf("%d of %d differ; want none of at least %d", wrong, len(vectors), atLeast)
	}
}

func TestCronIsReadAsCeleryReadsIt(t *testing.T) {
	var vectors []vector
	for _, row := range rows(t, "oracle/cron_celery.tsv") {
		want := moments(t, basicUTC, row[2])
		vectors = append(vectors, vector{
			spec: row[0], dialect: Celery, after: moments(t, basicUTC, row[1])[0], want: want, more: true,
		})
	}
	compare(t, vectors, 1400)
}

func TestClocksChangeAsTheZoneDatabaseSaysUntil2200(t *testing.T) {
	var vectors []vector
	for _, row := range rows(t, "oracle/zones.tsv") {
		spec := strings.ReplaceAll(strings.ReplaceAll(row[1], "DTSTART=", "DTSTART:"), ";RRULE=", " RRULE:")
		vectors = append(vectors, vector{
			spec: spec, zone: row[2], after: moments(t, basicUTC, row[3])[0],
			want: moments(t, basicUTC, row[4]), more: true,
		})
		if last := &vectors[len(vectors)-1]; row[5] != "-" {
			last.want = moments(t, basicUTC, row[5]) // made up for after a gap of half an hour
		}
	}
	compare(t, vectors, 1300)
}

func TestRulesAreThoseOfDateutil(t *testing.T) {
	var vectors []vector
	for _, row := range append(rows(t, "oracle/rrule_dateutil.tsv"), rows(t, "oracle/rrule_brute.tsv")...) {
		spec := "DTSTART:" + row[0] + " RRULE:" + row[1]
		for i, name := range []string{" RDATE:", " EXDATE:"} {
			if row[4+i] != "-" {
				spec += name + row[4+i]
			}
		}
		start, want := moments(t, basicWall, row[0])[0], moments(t, basicWall, row[3])
		if _, err := parseText(t, spec, time.UTC); isBeyondBounds(err, start, want) {
			continue
		}
		vectors = append(vectors, vector{
			spec: spec, after: moments(t, basicWall, row[2])[0], want: want,
			more: len(row) < 7 || !strings.Contains(row[6], "end"),
		})
	}
	// Where dateutil is wrong, the days were counted one by one.
	for _, row := range rows(t, "oracle/rrule_disputed.tsv") {
		spec := "DTSTART:" + row[0] + " RRULE:" + row[1]
		for i, name := range []string{" RDATE:", " EXDATE:"} {
			if row[5+i] != "-" {
				spec += name + row[5+i]
			}
		}
		if _, err := parseText(t, spec, time.UTC); err != nil {
			continue // too rare, as above
		}
		vectors = append(vectors, vector{spec: spec, after: moments(t, basicWall, row[2])[0], want: moments(t, basicWall, row[4]), more: true})
	}
	compare(t, vectors, 4100)
}

// isBeyondBounds reports whether a rule is refused for what others allow: no tick at all,
// dates after 2200, and a first tick more than a hundred years away.
func isBeyondBounds(err error, start time.Time, want []time.Time) bool {
	if err == nil {
		return false
	}
	tooRare := strings.Contains(err.Error(), "never due within a hundred years") && (len(want) == 0 || want[0].After(start.AddDate(100, 0, 0)))
	return tooRare || strings.Contains(err.Error(), "is too far away: give a year from 1900 to 2200")
}

func TestCronIsReadAsCroniterReadsIt(t *testing.T) {
	var vectors []vector
	for _, row := range append(rows(t, "oracle/cron_croniter.tsv"), rows(t, "oracle/cron_brute.tsv")...) {
		_, err := parseText(t, row[0], time.UTC)
		if refused := fmt.Sprint(err); strings.Contains(refused, "is longer than its") || strings.Contains(refused, "counts from Sunday as 1") {
			continue // what means something else elsewhere
		}
		vectors = append(vectors, vector{spec: row[0], after: moments(t, basicUTC, row[1])[0], want: moments(t, basicUTC, row[2]), more: true})
	}
	// Where croniter is wrong, the days were counted one by one.
	for _, row := range rows(t, "oracle/cron_disputed.tsv") {
		if _, err := parseText(t, row[0], time.UTC); err != nil {
			continue // refused, as above
		}
		vectors = append(vectors, vector{spec: row[0], after: moments(t, basicUTC, row[1])[0], want: moments(t, basicUTC, row[2]), more: true})
	}
	compare(t, vectors, 3580)
}

// TestTheSunIsWherePyEphemHasIt compares the events of solar days all over the globe.
func TestTheSunIsWherePyEphemHasIt(t *testing.T) {
	compared, absent := 0, 0
	for _, row := range rows(t, "oracle/solar.tsv") {
		latitude, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		longitude, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		date, err := time.Parse(time.DateOnly, row[3])
		if err != nil {
			t.Fatal(err)
		}
		got := solar{solarEvents["@"+row[0]], place{latitude, longitude}}.on(date)
		if row[4] == "-" {
			if absent++; !got.IsZero() {
				t.Errorf("%v: it happens at %s, want it not to", row, got)
			}
			continue
		}
		want := moments(t, basicUTC, row[4])[0]
		tolerance, err := time.ParseDuration(row[5] + "s")
		if err != nil {
			t.Fatal(err)
		}
		if off := got.Sub(want); off.Abs() > tolerance {
			t.Errorf("%v: it happens at %s, %s off", row, got, off)
		}
		compared++
	}
	if compared < 3500 || absent < 100 {
		t.Errorf("compared %d times and %d absences, want more", compared, absent)
	}
}
