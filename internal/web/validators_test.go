package web

import (
	"net/http"
	"testing"
	"time"
)

func TestAServerSaysHowLongAPageIsFresh(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=600"}}, 10 * time.Minute},
		{"in quotes", http.Header{"Cache-Control": {`Max-Age="60"`}}, time.Minute},
		{"of age", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"400"}}, 200 * time.Second},
		{"too old", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"4000"}}, 0},
		{"for ever", http.Header{"Cache-Control": {"max-age=31536000"}}, MaxFresh},
		{"out of all bounds", http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, 0},
		{"negative", http.Header{"Cache-Control": {"max-age=-5"}}, 0},
		{"no-store", http.Header{"Cache-Control": {"no-store", "max-age=600"}}, 0},
		{"max-age before Expires", http.Header{"Cache-Control": {"max-age=60"}, "Expires": {"Sun, 01 Mar 2026 13:00:00 GMT"}}, time.Minute},
		{"Expires", http.Header{"Expires": {"Sun, 01 Mar 2026 13:00:00 GMT"}}, time.Hour},
		{"Expires by its clock", http.Header{"Expires": {"Sun, 01 Mar 2026 13:00:00 GMT"}, "Date": {"Sun, 01 Mar 2026 12:50:00 GMT"}}, 10 * time.Minute},
		{"Expires in the past", http.Header{"Expires": {"0"}}, 0},
	} {
		if got := fresh(c.header, now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
