package lane

import (
	"testing"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

func TestWhatWasBegunIsNotExpired(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		header   string
		exact    string
		deadline int64
		attempt  int
		want     string
	}{
		{"", "", 0, 1, ""}, {"1800000001", "", 0, 1, ""}, {"1800000000", "", 0, 2, ""}, {"", "", 1800000001, 1, ""},
		{"1800000001", "1800000000001", 0, 1, ""}, {"1800000001", "1799999999000", 0, 1, ""}, {"", "1799999999000", 0, 1, ""},
		{"1800000000", "1799999999500", 0, 1, "expired before it was begun: it could wait until 2027-01-15T07:59:59.5Z"},
		{"1799999999.5", "", 0, 1, "expired before it was begun: it could wait until 2027-01-15T07:59:59.5Z"},
		{"1800000000", "", 0, 1, "expired before it was begun: it could wait until 2027-01-15T08:00:00Z"},
		{"soon", "", 0, 1, `header switchyard-expires "soon" is not a Unix time in seconds`},
		{"", "", 1800000000, 2, "expired: its deadline 2027-01-15T08:00:00Z has passed"},
	} {
		a := &attempt{began: now, task: &tasks.Task{Attempt: test.attempt}, message: &format.Message{
			Deadline: test.deadline, Headers: map[string]string{format.ExpiresHeader: test.header, format.ExactHeader: test.exact},
		}}
		got := ""
		if err := a.checkExpiry(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("header %q, exact %q, deadline %d, attempt %d: %q, want %q", test.header, test.exact, test.deadline, test.attempt, got, test.want)
		}
	}
}
