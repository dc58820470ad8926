package redbeat

import (
	"strings"
	"testing"
	"time"

	"switchyard/internal/schedule"
)

// celerys are tasks that Celery's workers perform.
var celerys = map[string]Task{
	"app.tasks.cleanup": {Kind: "cleanup", Args: []string{"days", "dry"}, Celery: true, Queue: "house", Priority: 3},
}

// foreign returns an entry of the task cleanup, with some members more.
func foreign(members string) Stored {
	return Stored{Name: "e", Definition: `{"name": "e", "task": "app.tasks.cleanup", "schedule": {"__type__": "crontab", "minute": "0", "hour": "8", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}` + members + `}`}
}

func TestWhatChangesAForeignTasksWorkIsHonouredOrRefused(t *testing.T) {
	o := options(t)
	o.Tasks = celerys
	for name, c := range map[string]struct {
		members string
		entry   schedule.Entry
		changes []string
		why     string
	}{
		"arguments": {members: `, "args": [7], "kwargs": {"where": "x"}`, entry: schedule.Entry{Payload: []byte(`{"days":7,"where":"x"}`)}},
		"options": {
			members: `, "options": {"queue": "Reports.High", "routing_key": "Reports.High", "expires": 90, "priority": 3, "serializer": "json", "exchange": "", "link": null}`,
			entry:   schedule.Entry{Queue: "Reports.High", Expires: 90 * time.Second},
		},
		"the queue of the task": {members: `, "options": {"queue": "house"}`},
		"what changes nothing": {
			members: `, "options": {"priority": 9, "retry": false, "shadow": "s"}`,
			changes: []string{
				"option priority 9 becomes 3, as all messages of its kind have: see to celery.kinds.cleanup.priority",
				"option retry false is dropped: sending is retried always", `option shadow "s" is dropped: logs show the name of the task`,
			},
		},
		"what is not sent": {
			members: `, "options": {"countdown": 5, "link": {"task": "x"}, "routing_key": "k", "queue": "q", "time_limit": 60, "odd": 1}`,
			why: "option countdown 5 is not sent: shift the schedule instead\noption link {\"task\":\"x\"} is not sent: have the task send the other one\n" +
				"option odd 1 is not sent: remove it\noption routing_key is \"k\" and queue \"q\": leave routing_key out\noption time_limit 60 is not sent: set it where the task is defined",
		},
		"more arguments than names": {members: `, "args": [1, true, "x"]`, why: "args has 3 positional arguments and 2 of them have names: give all names in celery.kinds.cleanup.args"},
	} {
		got := NewMover(o).Move(t.Context(), foreign(c.members))
		if text(got.Why) != c.why {
			t.Errorf("%s: why is\n%s\nwant\n%s", name, text(got.Why), c.why)
		}
		if c.why != "" {
			continue
		}
		want := c.entry
		want.ID, want.Kind, want.Spec, want.Zone, want.Origin = "e", "cleanup", "0 8 * * *", "Europe/Berlin", schedule.OriginAPI
		if g, w := asJSON(t, got.Entry), asJSON(t, want); g != w {
			t.Errorf("%s: entry is\n%s\nwant\n%s", name, g, w)
		}
		// Around it are that it never ran, and that RedBeat does not run it.
		if g, w := strings.Join(got.Changes[1:len(got.Changes)-1], "\n"), strings.Join(c.changes, "\n"); g != w {
			t.Errorf("%s: changes are\n%s\nwant\n%s", name, g, w)
		}
	}
}

func TestAMoveSaysWhatTheConfigurationLacks(t *testing.T) {
	o := options(t)
	for want, members := range map[string]string{
		`{"Kind":"","Args":null,"Positional":2,"Priority":6}`: `, "args": [1, 2], "options": {"priority": 6}`,
		`{"Kind":"","Args":null,"Positional":0,"Priority":0}`: `, "options": {"priority": 77}`,
	} {
		if got := asJSON(t, NewMover(o).Move(t.Context(), foreign(members)).Lacks); got != want {
			t.Errorf("%s lacks %s, want %s", members, got, want)
		}
	}
	o.Tasks = celerys
	for want, members := range map[string]string{
		`{"Kind":"cleanup","Args":["days","dry"],"Positional":3,"Priority":0}`: `, "args": [1, 2, 3]`,
		`null`: `, "args": [1, 2]`,
	} {
		if got := asJSON(t, NewMover(o).Move(t.Context(), foreign(members)).Lacks); got != want {
			t.Errorf("%s lacks %s, want %s", members, got, want)
		}
	}
}
