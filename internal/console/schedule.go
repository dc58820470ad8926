package console

import (
	"net/http"
	"net/url"
	"time"

	"switchyard/internal/api"
)

type schedulePage struct {
	Match, Kind, Owner, Origin, State string
	Items                             []api.Entry
	First, Next                       string
}

// entryStates and origins are what a filter of the schedule offers.
var (
	entryStates = []string{"ok", overdue, "paused", "error", "over", "unreadable"}
	origins     = []string{"config", "api", "user"}
)

// overdue is the state of entries that no scheduler has taken in time.
const overdue = "overdue"

// States are those that the filter offers.
func (schedulePage) States() []string { return entryStates }

// Origins are those that the filter offers.
func (schedulePage) Origins() []string { return origins }

// entriesOnPage is about how many entries a page has.
const entriesOnPage = "100"

func (c *Console) listEntries(r *request) error {
	v := chosen(r, "match", "kind", "owner", "origin", "state")
	data := schedulePage{Match: v.Get("match"), Kind: v.Get("kind"), Owner: v.Get("owner"), Origin: v.Get("origin"), State: v.Get("state")}
	q := part(r, "/v1/schedule", entriesOnPage, v)
	if data.State == overdue {
		q.query.Del("state")
		q.query.Set("late", "true")
	}
	var page api.EntryPage
	if err := c.ask(r.Context(), q, &page); err != nil {
		return err
	}
	data.Items = page.Items
	data.First, data.Next = leaf(r, v, page.Next)
	return c.show(r, http.StatusOK, "schedule", view{Title: "Schedule", Here: "/schedule/", Refresh: 15, Data: data})
}

func entryPath(id, of string) string { return "/v1/schedule/" + url.PathEscape(id) + of }

func entryPage(id string) string { return "/schedule/entries/" + url.PathEscape(id) }

type entryData struct {
	api.EntryTicks
	Past   api.LastTicks
	Months []month
	Key    string
}

func (c *Console) showEntry(r *request) error {
	data := entryData{Key: newKey()}
	if err := c.ask(r.Context(), question{path: entryPath(r.PathValue("id"), "")}, &data.EntryTicks); err != nil {
		return err
	}
	if err := c.ask(r.Context(), question{path: entryPath(data.ID, "/ticks")}, &data.Past); err != nil {
		return err
	}
	var explained api.Explained
	if c.ask(r.Context(), specQuestion(data.Spec, data.Zone, data.Cron), &explained) == nil { // a broken spec has no calendar; its state says so
		data.Months = monthsOf(explained, c.now())
	}
	return c.show(r, http.StatusOK, "entry", view{Title: data.ID, Here: "/schedule/", Refresh: 15, Data: data})
}

// specQuestion asks what a spec means.
func specQuestion(spec, zone, cron string) question {
	q := question{path: "/v1/specs", query: url.Values{"spec": {spec}, "zone": {zone}}}
	if cron != "" {
		q.query.Set("cron", cron)
	}
	return q
}

// changeEntry pauses, resumes, runs or removes an entry.
func (c *Console) changeEntry(r *request) error {
	id := r.PathValue("id")
	switch verb := r.PathValue("verb"); verb {
	case "pause", "resume":
		q := question{method: http.MethodPatch, path: entryPath(id, ""), body: map[string]bool{"paused": verb == "pause"}}
		if err := c.ask(r.Context(), q, nil); err != nil {
			return err
		}
		return c.done(r, entryPage(id), verb+"d", uncounted, 0)
	case "run":
		var task api.Task
		if err := c.ask(r.Context(), question{method: http.MethodPost, path: entryPath(id, "/run"), key: r.PostForm.Get("key")}, &task); err != nil {
			return err
		}
		return c.redirect(r, taskPage(task.Queue, task.ID))
	case "remove":
		if err := c.ask(r.Context(), question{method: http.MethodDelete, path: entryPath(id, "")}, nil); err != nil {
			return err
		}
		return c.done(r, "/schedule/", "removed", uncounted, 0)
	}
	return nothing(r)
}

// month is a sheet of a calendar: weeks from Monday on.
type month struct {
	Name  string
	Weeks [][7]date
}

// date is a day of a month; 0 is none.
type date struct {
	Day int
	Due bool
}

// monthsOf marks the days on which something is due, in this month and the two that follow.
func monthsOf(e api.Explained, now time.Time) []month {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		zone = time.UTC
	}
	due := make(map[string]bool, len(e.Days))
	for _, d := range e.Days {
		due[d] = true
	}
	var months []month
	year, m, _ := now.In(zone).Date()
	for i := range 3 {
		first := time.Date(year, m+time.Month(i), 1, 12, 0, 0, 0, zone)
		sheet := month{Name: first.Format("January 2006")}
		for day := first; day.Month() == first.Month(); day = day.AddDate(0, 0, 1) {
			place := (int(day.Weekday()) + 6) % 7
			if place == 0 || day.Day() == 1 {
				sheet.Weeks = append(sheet.Weeks, [7]date{})
			}
			sheet.Weeks[len(sheet.Weeks)-1][place] = date{day.Day(), due[day.Format(time.DateOnly)]}
		}
		months = append(months, sheet)
	}
	return months
}
