package console

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

type runsPage struct {
	User, Kind  string
	Items       []api.RunTask
	First, Next string
}

func (c *Console) listRuns(r *request) error {
	v := chosen(r, "user", "kind")
	data := runsPage{User: v.Get("user"), Kind: v.Get("kind")}
	var page api.RunsPage
	if err := c.ask(r.Context(), part(r, "/v1/runs", tasksOnPage, v), &page); err != nil {
		return err
	}
	data.Items = page.Items
	data.First, data.Next = leaf(r, v, page.Next)
	return c.show(r, http.StatusOK, "runs", view{Title: "Runs", Here: "/runs/", Refresh: 10, Data: data})
}

// decision is a step that waits for a person.
type decision struct {
	api.RunTask
	Step api.RunStep
}

type decisionsPage struct {
	Items       []decision
	First, Next string
}

// decisionsOnPage is how many decisions a page has: each is read with its whole run.
const decisionsOnPage = "25"

// listDecisions is the inbox: the steps of all runs that wait for a person, each with what it is about.
func (c *Console) listDecisions(r *request) error {
	var page api.RunsPage
	if err := c.ask(r.Context(), part(r, "/v1/runs", decisionsOnPage, url.Values{"waits": {"true"}}), &page); err != nil {
		return err
	}
	var data decisionsPage
	for _, item := range page.Items {
		d := decision{RunTask: item, Step: api.RunStep{Step: journal.Step{Name: item.Waits}}}
		var run api.Run
		if err := c.askIf(r, question{path: taskPath(item.ID, "/run"), query: at(item.Queue)}, &run); err != nil {
			return err
		}
		for _, step := range run.Steps {
			if step.Name == item.Waits {
				d.Step = step
			}
		}
		data.Items = append(data.Items, d)
	}
	data.First, data.Next = leaf(r, url.Values{}, page.Next)
	return c.show(r, http.StatusOK, "decisions", view{Title: "Decisions", Here: "/decisions/", Refresh: 5, Data: data})
}

// stepBars returns the steps of a run as a time line.
func stepBars(run api.Run, now time.Time) []bar {
	bars := make([]bar, len(run.Steps))
	for i, s := range run.Steps {
		bars[i] = bar{Name: s.Name, State: string(s.State), Number: s.Attempt, Began: s.Began, Ended: s.Ended, Detail: s.Error, Usage: s.Usage, Result: json.RawMessage(cmp.Or(string(s.Result), string(s.Input)))}
		if s.Name == run.Waits {
			bars[i].State = "asked"
		}
		if s.Ended.IsZero() && run.State != tasks.StateRunning { // nobody works on it now
			bars[i].Ended = cmp.Or(lastEnd(run), s.Began)
		}
	}
	return place(bars, now)
}

// lastEnd returns when the last step of a run has begun or ended.
func lastEnd(run api.Run) (last time.Time) {
	for _, s := range run.Steps {
		for _, t := range []time.Time{s.Began, s.Ended} {
			if t.After(last) {
				last = t
			}
		}
	}
	return last
}
