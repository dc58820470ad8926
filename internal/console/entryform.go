package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"switchyard/internal/api"
)

// entryForm is what is typed of an entry. Each field is as the HTTP API has it.
type entryForm struct {
	ID, Spec, Zone, Cron, Kind, Payload, Queue, Owner string
	CatchUp, CatchUpLimit, FreshFor, Expires, Spread  string
	Start, End, MaxRuns, Overlap                      string
	Match                                             string // the ETag of the entry that is replaced; "": it is new
	Kinds                                             []string
	Explained                                         *api.Explained
	Months                                            []month
	Problem                                           *api.Problem // what is wrong with what was typed
}

func formOf(f url.Values) entryForm {
	return entryForm{
		ID: f.Get("id"), Spec: f.Get("spec"), Zone: f.Get("zone"), Cron: f.Get("cron"), Kind: f.Get("kind"), Payload: f.Get("payload"), Queue: f.Get("queue"),
		Owner: f.Get("owner"), CatchUp: f.Get("catch_up"), CatchUpLimit: f.Get("catch_up_limit"), FreshFor: f.Get("fresh_for"), Expires: f.Get("expires"),
		Spread: f.Get("spread"), Start: f.Get("start"), End: f.Get("end"), MaxRuns: f.Get("max_runs"), Overlap: f.Get("overlap"), Match: f.Get("match"),
	}
}

// body returns the entry for the API. What is left empty is left out.
func (f entryForm) body() (map[string]any, error) {
	body := map[string]any{}
	for name, value := range map[string]string{
		"spec": f.Spec, "zone": f.Zone, "cron": f.Cron, "kind": f.Kind, "queue": f.Queue, "owner": f.Owner, "catch_up": f.CatchUp,
		"fresh_for": f.FreshFor, "expires": f.Expires, "spread": f.Spread, "start": f.Start, "end": f.End, "overlap": f.Overlap,
	} {
		if value = strings.TrimSpace(value); value != "" {
			body[name] = value
		}
	}
	for name, value := range map[string]string{"catch_up_limit": f.CatchUpLimit, "max_runs": f.MaxRuns} {
		if value = strings.TrimSpace(value); value != "" {
			n, err := strconv.Atoi(value)
			if err != nil {
				return nil, invalid(name, name+" is "+strconv.Quote(value)+": write a whole number")
			}
			body[name] = n
		}
	}
	if text := strings.TrimSpace(f.Payload); text != "" {
		if !json.Valid([]byte(text)) {
			return nil, invalid("payload", "The payload is no JSON: write an object such as {\"user\": \"ada\"}.")
		}
		body["payload"] = json.RawMessage(text)
	}
	return body, nil
}

func (c *Console) newEntry(r *request) error {
	return c.showForm(r, http.StatusOK, formOf(r.URL.Query()))
}

// editEntry shows an entry as it is, to be changed.
func (c *Console) editEntry(r *request) error {
	var e api.EntryTicks
	if err := c.ask(r.Context(), question{path: entryPath(r.PathValue("id"), "")}, &e); err != nil {
		return err
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	length := func(d api.Duration) string {
		if d == 0 {
			return ""
		}
		return time.Duration(d).String()
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	return c.showForm(r, http.StatusOK, entryForm{
		ID: e.ID, Spec: e.Spec, Zone: e.Zone, Cron: e.Cron, Kind: e.Kind, Payload: pretty(e.Payload), Queue: e.Queue, Owner: e.Owner,
		CatchUp: e.CatchUp, CatchUpLimit: number(int64(e.CatchUpLimit)), FreshFor: length(e.FreshFor), Expires: length(e.Expires),
		Spread: length(api.Duration(e.Spread)), Start: moment(e.Start), End: moment(e.End), MaxRuns: number(e.MaxRuns), Overlap: e.Overlap,
		Match: strconv.Quote(strconv.FormatInt(e.Revision, 10)),
	})
}

func (c *Console) showForm(r *request, status int, f entryForm) error {
	var err error
	if f.Kinds, err = c.kinds(r); err != nil {
		return err
	}
	c.explainTo(r, &f)
	title := "New entry"
	if f.Match != "" {
		title = "Change " + f.ID
	}
	return c.show(r, status, "entryform", view{Title: title, Here: "/schedule/", Data: f})
}

// explainTo adds to a form what its spec means, or what is wrong with it.
func (c *Console) explainTo(r *request, f *entryForm) {
	if f.Spec == "" {
		return
	}
	var explained api.Explained
	var p *api.Problem
	switch err := c.ask(r.Context(), specQuestion(f.Spec, f.Zone, f.Cron), &explained); {
	case err == nil:
		f.Explained, f.Months = &explained, monthsOf(explained, c.now())
	case errors.As(err, &p) && f.Problem == nil:
		f.Problem = p
	}
}

// explain is the part of the form that says what a spec means, for whoever is typing one.
func (c *Console) explain(r *request) error {
	f := formOf(r.URL.Query())
	c.explainTo(r, &f)
	return c.show(r, http.StatusOK, "explained", view{Title: "What it means", Here: "/schedule/", Data: f})
}

// saveEntry adds an entry or replaces one, or only says what it means.
func (c *Console) saveEntry(r *request) error {
	f := formOf(r.PostForm)
	if r.PostForm.Has("check") {
		return c.showForm(r, http.StatusOK, f)
	}
	body, err := f.body()
	if err == nil {
		q := question{method: http.MethodPut, path: entryPath(f.ID, ""), body: body, match: f.Match}
		if f.Match == "" {
			q.match = anyNew
		}
		if f.ID == "" {
			err = invalid("id", "The entry has no name: give it one, such as news.")
		} else {
			err = c.ask(r.Context(), q, nil)
		}
	}
	var p *api.Problem
	switch {
	case err == nil:
		return c.done(r, entryPage(f.ID), "saved", uncounted, 0)
	case errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusForbidden:
		f.Problem = p // what was typed is not lost
		return c.showForm(r, p.Status, f)
	}
	return err
}
