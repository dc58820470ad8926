package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"switchyard/internal/api"
)

type overviewData struct {
	Needs   []need
	Queues  []api.Queue
	Daemons []api.Daemon
	Span    string // 1h or 24h
	Of      string // the queue whose series is shown; "": all together
	Charts  []chart
	Sums    sums
	Bound   string // the user for whom alone the caller asks
}

// need is something that a person has to see to, and where.
type need struct {
	Bad        bool // what was promised is not kept; otherwise it only waits
	Text, Href string
	Detail     string
}

func (c *Console) overview(r *request) error {
	data := overviewData{Span: "1h", Of: r.URL.Query().Get("queue"), Bound: r.caller.User}
	if r.URL.Query().Get("span") == "24h" {
		data.Span = "24h"
	}
	var o api.Overview
	if err := c.ask(r.Context(), question{path: "/v1/overview"}, &o); err != nil {
		return err
	}
	data.Needs = needsOf(o)
	var series api.Series
	for _, part := range []struct {
		q   question
		out any
	}{
		{question{path: "/v1/queues"}, &data.Queues},
		{question{path: "/v1/daemons"}, &data.Daemons},
		{question{path: "/v1/series", query: url.Values{"span": {data.Span}}}, &series},
	} {
		if err := c.askIf(r, part.q, part.out); err != nil {
			return err
		}
	}
	points := series.Total
	for _, one := range series.Queue {
		if one.Queue == data.Of {
			points = one.Points
		}
	}
	if len(points) > 0 {
		data.Charts, data.Sums = chartsOf(points), sumsOf(points)
	}
	return c.show(r, http.StatusOK, "overview", view{Title: "Overview", Here: "/", Refresh: 5, Data: data})
}

// needsOf says what needs a person, what is broken first.
func needsOf(o api.Overview) (needs []need) {
	add := func(n int, bad bool, one, many, href, detail string) {
		if n == 0 {
			return
		}
		text := count(n) + " " + many
		if n == 1 {
			text = "1 " + one
		}
		needs = append(needs, need{bad, text, href, detail})
	}
	if o.Daemons != nil {
		for _, d := range *o.Daemons {
			add(1, true, fmt.Sprintf("%s is %s", strings.Join(d.Roles, ", "), daemonWord(d)), "", "#daemons", daemonDetail(d))
		}
	}
	if o.Overdue != nil {
		add(o.Overdue.Entries, true, "entry is overdue", "entries are overdue", "/schedule/?state="+overdue, "the first for "+span(o.Overdue.Longest)+": no scheduler has taken it")
	}
	if o.Late != nil {
		for _, q := range *o.Late {
			text, detail := q.Queue+" waits too long", "the oldest task waits for "+span(q.Oldest)
			if q.Paused {
				text, detail = q.Queue+" is paused", count(q.Waiting)+" tasks wait"
				if q.Waiting == 1 {
					detail = "1 task waits"
				}
			}
			needs = append(needs, need{!q.Paused, text, "/tasks/?state=waiting&queue=" + url.QueryEscape(q.Queue), detail})
		}
	}
	if o.Paused != nil && o.Paused.Everyone {
		needs = append(needs, need{true, "Everyone is paused", "/users/*", "no agent runs"})
	}
	if o.Decisions != nil {
		add(*o.Decisions, false, "decision waits", "decisions wait", "/decisions/", "runs that ask before they go on")
	}
	if o.Dead != nil {
		var each []string
		for name, n := range o.Dead.Queues {
			each = append(each, count(n)+" in "+name)
		}
		slices.Sort(each)
		add(o.Dead.Total, false, "task has failed in 24 hours", "tasks have failed in 24 hours", "/tasks/?state=failed&state=cancelled&state=expired", strings.Join(each, ", "))
	}
	if o.Paused != nil {
		add(o.Paused.Users, false, "user is paused", "users are paused", "/users/", "their agents wait")
	}
	if o.Doubtful != nil {
		add(*o.Doubtful, false, "delivery is in doubt", "deliveries are in doubt", "/briefings/", "nobody knows whether they have arrived")
	}
	slices.SortStableFunc(needs, func(a, b need) int {
		switch {
		case a.Bad == b.Bad:
			return 0
		case a.Bad:
			return -1
		}
		return 1
	})
	return needs
}

func daemonWord(d api.Daemon) string { return strings.ReplaceAll(string(d.State), "_", " ") }

// daemonDetail says why a daemon is not ready, or since when it is lost.
func daemonDetail(d api.Daemon) string {
	where := fmt.Sprintf("%s, process %d", d.Host, d.PID)
	if len(d.Failing) > 0 && d.State != "lost" {
		return where + ": " + d.Failing[0].Check + ": " + d.Failing[0].Text
	}
	return where
}

// pauseQueue has no worker take tasks from a queue, or has them do so again.
func (c *Console) pauseQueue(r *request) error {
	verb := r.PathValue("verb")
	if verb != "pause" && verb != "resume" {
		return nothing(r)
	}
	var did api.Paused
	q := question{method: http.MethodPatch, path: "/v1/queues/" + url.PathEscape(r.PathValue("queue")), body: map[string]bool{"paused": verb == "pause"}}
	if err := c.ask(r.Context(), q, &did); err != nil {
		return err
	}
	if !did.Changed {
		verb = "unchange"
	}
	return c.done(r, "/", verb+"d", uncounted, 0)
}
