package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/control"
	"switchyard/internal/tasks"
	"switchyard/internal/usage"
)

func userPath(id, of string) string { return "/v1/users/" + url.PathEscape(id) + of }

func userPage(id string) string { return "/users/" + url.PathEscape(id) }

type usersPage struct {
	Match       string
	Everyone    *api.Brake
	Stopped     []api.Brake
	More        int
	Briefed     []api.Entry // the entries of those who are briefed
	First, Next string
}

// listUsers lists who is stopped or asked first, then who is briefed. Everybody else is found by their ID.
func (c *Console) listUsers(r *request) error {
	if r.caller.User != "" {
		return c.redirect(r, userPage(r.caller.User))
	}
	data := usersPage{Match: r.URL.Query().Get("match")}
	if data.Match != "" && tasks.CheckUser(data.Match) == nil && r.URL.Query().Has("go") {
		return c.redirect(r, userPage(data.Match))
	}
	var brakes api.Brakes
	if err := c.ask(r.Context(), question{path: "/v1/brakes"}, &brakes); err != nil {
		return err
	}
	data.Everyone, data.Stopped, data.More = &brakes.Everyone, brakes.Users, brakes.More
	v := chosen(r, "match")
	q := part(r, "/v1/schedule", entriesOnPage, v)
	q.query.Set("origin", "user")
	var page api.EntryPage
	if err := c.askIf(r, q, &page); err != nil {
		return err
	}
	data.Briefed = page.Items
	data.First, data.Next = leaf(r, v, page.Next)
	return c.show(r, http.StatusOK, "users", view{Title: "Users", Here: "/users/", Refresh: 10, Data: data})
}

type userData struct {
	ID          string
	All         bool // it is everyone
	Brake       api.Brake
	Receipt     *api.Brake // of what was just done to the brake
	Preferences *api.User
	Runs        []api.Task
	Entries     []api.Entry
	Usage       []day
	Money       float64
	Tokens      int64
	Limit       api.Limit // of a day
	Briefings   []api.BriefingSummary
	Events      []event

	now time.Time
}

// Paused reports whether the user's own brake is on.
func (d userData) Paused() bool {
	return slices.ContainsFunc(d.Brake.Stops, func(s control.Stop) bool { return s.User == d.ID })
}

// Today is what was spent today, in UTC as the limit has it.
func (d userData) Today() usage.Amount {
	if len(d.Usage) > 0 && d.Usage[0].Day == d.now.UTC().Format(time.DateOnly) {
		return usage.Amount{Tokens: d.Usage[0].Tokens, Money: d.Usage[0].Money}
	}
	return usage.Amount{}
}

// Full is how much of the limit of a day is used, in percent; 0 without a limit.
func (d userData) Full() int {
	part := 0.0
	if d.Limit.Tokens > 0 {
		part = float64(d.Today().Tokens) / float64(d.Limit.Tokens)
	}
	if d.Limit.Money > 0 {
		part = max(part, d.Today().Money/d.Limit.Money)
	}
	return int(min(1, part) * 100)
}

// day is what a user has spent in a day on all agents.
type day struct {
	Day    string
	Calls  int64
	Tokens int64
	Money  float64
}

func (c *Console) showUser(r *request) error {
	data, err := c.user(r, r.PathValue("user"))
	if err != nil {
		return err
	}
	return c.showUserWith(r, data)
}

func (c *Console) showUserWith(r *request, data userData) error {
	v := view{Title: data.ID, Here: "/users/", Refresh: 15, Data: data}
	if data.All {
		v.Title = "Everyone"
	} else {
		v.Follow = userPath(data.ID, "/events")
	}
	return c.show(r, http.StatusOK, "user", v)
}

// user gathers what a page about a user shows, as far as who looks may see it.
func (c *Console) user(r *request, id string) (userData, error) {
	data := userData{now: c.now(), ID: id, All: id == control.Everyone}
	if err := c.ask(r.Context(), question{path: userPath(id, "/brake")}, &data.Brake); err != nil {
		return data, err
	}
	if data.All {
		return data, nil
	}
	var page api.Page
	var entries api.EntryPage
	var spent []api.Spent
	var briefings api.BriefingPage
	var history struct{ Items []json.RawMessage }
	var user api.User
	for _, part := range []struct {
		q   question
		out any
	}{
		{question{path: userPath(id, "")}, &user},
		{question{path: "/v1/tasks", query: url.Values{"user": {id}, "kind": {"agent_*"}, "limit": {"20"}}}, &page},
		{question{path: "/v1/schedule", query: url.Values{"owner": {id}, "limit": {"50"}}}, &entries},
		{question{path: userPath(id, "/usage")}, &spent},
		{question{path: "/v1/usage/limit"}, &data.Limit},
		{question{path: "/v1/briefings", query: url.Values{"user": {id}, "limit": {"10"}}}, &briefings},
		{question{path: userPath(id, "/history"), query: url.Values{"limit": {"30"}}}, &history},
	} {
		if err := c.askIf(r, part.q, part.out); err != nil {
			return data, err
		}
	}
	if user.ID != "" {
		data.Preferences = &user
	}
	data.Runs, data.Entries, data.Briefings = page.Items, entries.Items, briefings.Items
	data.sum(spent)
	for _, text := range history.Items {
		data.Events = append(data.Events, eventOf(text))
	}
	return data, nil
}

// sum adds up what was spent by day, the latest first. The API tells the first day first.
func (d *userData) sum(spent []api.Spent) {
	for _, s := range slices.Backward(spent) {
		n := len(d.Usage)
		if n == 0 || d.Usage[n-1].Day != s.Day {
			d.Usage = append(d.Usage, day{Day: s.Day})
			n++
		}
		last := &d.Usage[n-1]
		last.Calls, last.Tokens, last.Money = last.Calls+s.Calls, last.Tokens+s.Tokens, last.Money+s.Money
		d.Money, d.Tokens = d.Money+s.Money, d.Tokens+s.Tokens
	}
}

// brake stops a user's agents, or lets them go on, and shows the receipt.
func (c *Console) brake(r *request) error {
	id, on := r.PathValue("user"), r.PathValue("verb") == "pause"
	if !on && r.PathValue("verb") != "resume" {
		return nothing(r)
	}
	var receipt api.Brake
	q := question{method: http.MethodPut, path: userPath(id, "/brake"), body: map[string]bool{"on": on}}
	if err := c.ask(r.Context(), q, &receipt); err != nil {
		return err
	}
	data, err := c.user(r, id)
	if err != nil {
		return err
	}
	data.Receipt = &receipt
	return c.showUserWith(r, data)
}
