package schedule

import (
	"strings"
	"testing"
	"time"
)

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func mustSpec(t testing.TB, spec, zone string) Spec {
	t.Helper()
	location, err := LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseSpec(spec, location)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

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
		{"0 0 1 jan *", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"*/5 * * * *", "", "2026-01-01T00:00:00.5Z", "2026-01-01T00:05:00Z"},
		{"@hourly", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"},
		{"@weekly", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"@every 90s", "", "1970-01-01T00:00:00Z", "1970-01-01T00:01:30Z"},
		{"@every 90s", "", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"},
		{"@every 1s", "", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"},
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
		{"* * * * FRI-MON/2", "list the days"},
		{"* * *", "it has 3 fields"},
		{"TZ=UTC * * * * *", `second "TZ=UTC"`},
		{"0 0 30 2 *", `day of month "30" never comes in month "2"`},
		{"0 0 31 4,6,9,11 *", `day of month "31" never comes`},
		{"@reboot", "use @hourly"},
		{"@every", `interval ""`},
		{"@every 0s", "from 1s"},
		{"@every -5m", "from 1s"},
		{"@every 1500ms", "whole number of seconds"},
		{"@every 10000h", "from 1s"},
		{"at noon", `time "noon" is not RFC 3339`},
		{"at 2026-01-01T00:00:00.5Z", "whole seconds"},
		{strings.Repeat("*", 300), "at most 256"},
	}
	for _, test := range tests {
		_, err := ParseSpec(test.spec, time.UTC)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseSpec(%.40q) = %v, want an error with %q", test.spec, err, test.want)
		}
	}
}

func TestBadZonesAreNamedWithARemedy(t *testing.T) {
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd", "/etc/localtime", strings.Repeat("x", 100)} {
		_, err := LoadZone(zone)
		if err == nil || !strings.Contains(err.Error(), "give an IANA name") {
			t.Errorf("LoadZone(%.20q) = %v, want an error with a remedy", zone, err)
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

func FuzzSpec(f *testing.F) {
	for _, seed := range []string{"*/5 1-3 * * MON", "0 0 29 2 *", "@every 90s", "at 2030-06-01T09:00:00Z", "@daily", "1 2 3 4 5 6", "* * * * FRI-MON/2"} {
		f.Add(seed, "Europe/Berlin", int64(1774746000))
	}
	f.Fuzz(func(t *testing.T, text, zone string, unix int64) {
		location, err := LoadZone(zone)
		if err != nil {
			return
		}
		spec, err := ParseSpec(text, location)
		if err != nil {
			return
		}
		after := time.Unix(unix%4e9, 0)
		for range 3 {
			next := spec.Next(after)
			if next.IsZero() && strings.HasPrefix(strings.TrimSpace(text), "at") {
				return
			}
			if !next.After(after) || next.Nanosecond() != 0 {
				t.Fatalf("%q in %s after %s: got %s, want a whole second after it", text, zone, after, next)
			}
			if between := spec.Next(after.Add(next.Sub(after) / 2)); !between.Equal(next) {
				t.Fatalf("%q in %s: next is %s after %s, but %s after a time between the two", text, zone, next, after, between)
			}
			after = next
		}
	})
}
