package console

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/roster"
)

func TestLengthsOfTimeAreToldInTheirLargestUnit(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0 s", 0.0004: "0 ms", 0.023: "23 ms", 0.0994: "99 ms", 0.1: "0.1 s", 1.04: "1.0 s", 9.94: "9.9 s", 10: "10 s", 99: "99 s", 100: "2 min",
		3600: "60 min", 5970: "2 h", 7200: "2 h", 170_000: "47 h", 172_800: "2 d", 8_640_000: "100 d",
	} {
		if got := span(seconds); got != want {
			t.Errorf("%v s is %q, want %q", seconds, got, want)
		}
	}
	now := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{0: "now", -time.Millisecond: "now", 3 * time.Minute: "3 min ago", -2 * time.Hour: "in 2 h"} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("%s ago is %q, want %q", d, got, want)
		}
	}
}

func TestNumbersAreGroupedByThousands(t *testing.T) {
	for v, want := range map[any]string{0: "0", 999: "999", 1000: "1\u202f000", -1234567: "-1\u202f234\u202f567", int64(10_000): "10\u202f000", 1234.5: "1\u202f234.5"} {
		if got := count(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

func TestLongTextsAreCutAndSaySo(t *testing.T) {
	if got := short("  the shop is closed\n  at main.go:7  "); got != "the shop is closed …" {
		t.Errorf("%q", got)
	}
	if got := short(strings.Repeat("é", maxShort+1)); got != strings.Repeat("é", maxShort)+"…" {
		t.Errorf("%q", got)
	}
	if got := pretty(json.RawMessage(`{"a":1}`)); got != "{\n  \"a\": 1\n}" {
		t.Errorf("%q", got)
	}
	if got := pretty(json.RawMessage(`{"a":`)); got != `{"a":` {
		t.Errorf("what is no JSON is %q", got)
	}
	long, _ := json.Marshal(strings.Repeat("x", maxPretty+98))
	if got := pretty(long); !strings.HasSuffix(got, "\n… 100 more bytes") || len(got) > maxPretty+30 {
		t.Errorf("%d bytes, which end in %q", len(got), got[len(got)-30:])
	}
}

func TestWhatWasDoneIsToldInWordsOfOursAlone(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "done=nothing of ours": "", "done=<b>": "", "done=saved": "The entry is saved.", "done=cancelled&n=1": "1 task cancelled.", "done=deleted&n=1200": "1\u202f200 tasks deleted.",
		"done=run&n=0&refused=3": "0 tasks made ready to run. 3 could not be: their state does not allow it, or they are gone.",
		"done=run&n=5&left=yes":  "5 tasks made ready to run. Others are left: do it again for them.",
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := doneWords(v); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestWhatIsBrokenComesBeforeWhatWaits(t *testing.T) {
	two, one := 2, 1
	needs := needsOf(api.Overview{
		Decisions: &two, Doubtful: &one, Dead: &api.OverviewDead{Total: 3, Queues: map[string]int{"b": 1, "a": 2}}, Paused: &api.OverviewPaused{Users: 1},
		Overdue: &api.OverviewOverdue{Entries: 1, Longest: 90}, Late: &[]api.LateQueue{{Queue: "a&b", Waiting: 2, Oldest: 120}, {Queue: "c", Paused: true, Waiting: 1}},
		Daemons: &[]api.Daemon{{Roles: []string{"worker"}, State: roster.NotReady, Host: "h", PID: 7, Failing: []api.FailingCheck{{Check: "lanes", Text: "redis lost"}}}, {Roles: []string{"scheduler"}, State: roster.Lost, Host: "h", PID: 8}},
	})
	var got []string
	for _, n := range needs {
		got = append(got, n.Text+" | "+n.Detail+" | "+n.Href)
	}
	want := []string{
		"1 worker is not ready | h, process 7: lanes: redis lost | #daemons", "1 scheduler is lost | h, process 8 | #daemons",
		"1 entry is overdue | the first for 90 s: no scheduler has taken it | /schedule/?state=overdue",
		"a&b waits too long | the oldest task waits for 2 min | /tasks/?state=waiting&queue=a%26b",
		"c is paused | 1 task waits | /tasks/?state=waiting&queue=c", "2 decisions wait | runs that ask before they go on | /decisions/",
		"3 tasks have failed in 24 hours | 1 in b, 2 in a | /tasks/?state=failed&state=cancelled&state=expired",
		"1 user is paused | their agents wait | /users/", "1 delivery is in doubt | nobody knows whether they have arrived | /briefings/",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("needs:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTimeLinesHaveTheirBarsInPlace(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 27, 8, 0, s, 0, time.UTC) }
	bars := place([]bar{{Began: at(0), Ended: at(10)}, {Ended: at(30)}, {Began: at(50)}}, at(100))
	for i, want := range [][2]int{{0, 100}, {300, 10}, {500, 500}} {
		if bars[i].From != want[0] || bars[i].Width != want[1] {
			t.Errorf("bar %d is at %d, %d wide, want %v", i, bars[i].From, bars[i].Width, want)
		}
	}
	if alone := place([]bar{{Began: at(1), Ended: at(1)}}, at(1)); alone[0].From != 0 || alone[0].Width < 10 {
		t.Errorf("a bar of no length is %+v", alone[0])
	}
}

func TestTheCalendarMarksTheDaysOfThreeMonthsFromMonday(t *testing.T) {
	months := monthsOf(api.Explained{Zone: "Asia/Tokyo", Days: []string{"2026-12-01", "2027-02-28"}}, time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)) // it is December there
	if len(months) != 3 || months[0].Name != "December 2026" || months[2].Name != "February 2027" {
		t.Fatalf("months %+v", months)
	}
	if first := months[0].Weeks[0]; first[0].Day != 0 || first[1] != (date{1, true}) || first[2] != (date{2, false}) {
		t.Errorf("the first week of December 2026 is %+v", first)
	}
	if last := months[2].Weeks[3]; last[6] != (date{28, true}) || len(months[2].Weeks) != 4 {
		t.Errorf("February 2027 is %+v", months[2].Weeks)
	}
}
