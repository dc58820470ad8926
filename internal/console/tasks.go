package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/tasks"
)

// states are those that a search offers, in the order of a task's life.
var states = []tasks.State{
	tasks.StateWaiting, tasks.StateScheduled, tasks.StateHeld, tasks.StateRunning, tasks.StateRetrying, tasks.StateParked,
	tasks.StateSucceeded, tasks.StateFailed, tasks.StateCancelled, tasks.StateExpired,
}

// spans are how far back a search may look.
var spans = []struct {
	Value, Name string
	span        time.Duration
}{{"", "any time", 0}, {"1h", "the last hour", time.Hour}, {"24h", "the last day", 24 * time.Hour}, {"168h", "the last week", 7 * 24 * time.Hour}}

// search is what tasks are asked for by.
type search struct {
	Queue, Kind, User, Tag, Error string
	States                        []string
	Sent                          string    // how far back they were sent, one of spans
	From, Before                  time.Time // those sent from then on, and before a preview; zero: all
}

// searchOf reads a search out of a form or an address.
func searchOf(v url.Values) search {
	s := search{Queue: v.Get("queue"), Kind: v.Get("kind"), User: v.Get("user"), Tag: v.Get("tag"), Error: v.Get("error"), States: v["state"], Sent: v.Get("sent")}
	s.From, _ = time.Parse(time.RFC3339Nano, v.Get("from")) // of a preview of ours, as the next
	s.Before, _ = time.Parse(time.RFC3339Nano, v.Get("before"))
	return s
}

// Values returns the search as an address of the console has it.
func (s search) Values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"queue": s.Queue, "kind": s.Kind, "user": s.User, "tag": s.Tag, "error": s.Error, "sent": s.Sent} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(s.States) > 0 {
		v["state"] = s.States
	}
	for name, value := range map[string]time.Time{"from": s.From, "before": s.Before} {
		if !value.IsZero() {
			v.Set(name, value.UTC().Format(time.RFC3339Nano))
		}
	}
	return v
}

// fixed returns the search with its times fixed, so that it means the same later.
func (s search) fixed(now, before time.Time) search {
	if from, ok := s.from(now); ok {
		s.From, s.Sent = from, ""
	}
	s.Before = before
	return s
}

// from returns when those were sent first that are meant, and whether that is bounded.
func (s search) from(now time.Time) (time.Time, bool) {
	for _, one := range spans {
		if one.Value == s.Sent && one.span > 0 {
			return now.Add(-one.span).UTC().Truncate(time.Second), true
		}
	}
	return s.From, !s.From.IsZero()
}

// IsOf reports whether a state is among those asked for.
func (s search) IsOf(state any) bool { return slices.Contains(s.States, string(state.(tasks.State))) }

// filter returns the search as the HTTP API has it.
func (s search) filter(now time.Time) url.Values {
	v := s.Values()
	v.Del("sent")
	v.Del("before")
	if len(s.States) > 0 {
		v.Set("state", strings.Join(s.States, ","))
	}
	if from, ok := s.from(now); ok {
		v.Set("from", from.Format(time.RFC3339Nano))
	}
	if !s.Before.IsZero() {
		v.Set("to", s.Before.UTC().Format(time.RFC3339Nano))
	}
	return v
}

// tasksOnPage is how many tasks a page has.
const tasksOnPage = "50"

type tasksPage struct {
	Search search
	All    []tasks.State
	Spans  any
	Queues []api.Queue
	Kinds  []string
	Items  []api.Task
	First  string // the address of the first page; "": this is it
	Next   string
}

func (c *Console) listTasks(r *request) error {
	s := searchOf(r.URL.Query())
	var page api.Page
	if err := c.ask(r.Context(), part(r, "/v1/tasks", tasksOnPage, s.filter(c.now())), &page); err != nil {
		return err
	}
	data := tasksPage{Search: s, All: states, Spans: spans, Items: page.Items}
	if err := c.choices(r, &data); err != nil {
		return err
	}
	data.First, data.Next = leaf(r, s.Values(), page.Next)
	return c.show(r, http.StatusOK, "tasks", view{Title: "Tasks", Here: "/tasks/", Refresh: 10, Data: data})
}

// choices adds what a search may choose from. A caller who may not see the queues has none to choose.
func (c *Console) choices(r *request, data *tasksPage) error {
	err := c.askIf(r, question{path: "/v1/queues"}, &data.Queues)
	if err != nil {
		return err
	}
	data.Kinds, err = c.kinds(r)
	return err
}

// kinds returns the names of all kinds.
func (c *Console) kinds(r *request) (names []string, err error) {
	var kinds []api.Kind
	err = c.ask(r.Context(), question{path: "/v1/kinds"}, &kinds)
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return names, err
}

// search leads to the task of an ID, to a user, or to the tasks whose error has the text.
func (c *Console) search(r *request) error {
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	if text == "" {
		return c.redirect(r, "/tasks/")
	}
	queue, id, both := strings.Cut(text, "/")
	if !both {
		queue, id = "", text
	}
	var task api.Task
	q := question{path: taskPath(id, ""), query: url.Values{}}
	if queue != "" {
		q.query = at(queue)
	}
	if err := c.ask(r.Context(), q, &task); err == nil {
		return c.redirect(r, taskPage(task.Queue, task.ID))
	}
	var user api.User
	if err := c.ask(r.Context(), question{path: userPath(text, "")}, &user); err == nil {
		return c.redirect(r, userPage(user.ID))
	}
	var some api.Page
	if err := c.ask(r.Context(), question{path: "/v1/tasks", query: url.Values{"user": {text}, "limit": {"1"}}}, &some); err == nil && len(some.Items) > 0 {
		return c.redirect(r, userPage(text))
	}
	kinds, err := c.kinds(r)
	if err == nil && slices.ContainsFunc(kinds, func(kind string) bool { return tasks.Covers(text, kind) }) { // also the beginning of some with * behind it
		return c.redirect(r, "/tasks/?"+url.Values{"kind": {text}}.Encode())
	}
	return c.redirect(r, "/tasks/?"+url.Values{"error": {text}}.Encode())
}
