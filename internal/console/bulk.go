package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"switchyard/internal/api"
)

// bulks are what can be done to many tasks, by the word that the form has.
var bulks = map[string]struct{ Title, Do, done string }{
	"cancel": {"Cancel tasks", "Cancel", "cancelled"},
	"run":    {"Run tasks now", "Run", "run"},
	"replay": {"Replay tasks as new ones", "Replay", "replayed"},
	"delete": {"Delete tasks", "Delete", "deleted"},
}

type previewData struct {
	api.Bulk
	Verb, Title, Do, About string
	Form                   url.Values // what is sent to do it
	Back                   string
	Counts                 int // how many tasks are counted if the form asks for more; 0: no more are
}

// bulkOf returns what a bulk is about, as the API has it.
func bulkOf(f url.Values, now time.Time) map[string]any {
	if names := f["name"]; len(names) > 0 {
		return map[string]any{"names": names}
	}
	body := map[string]any{}
	s := searchOf(f)
	for name, value := range s.filter(now) {
		body[name] = value[0]
	}
	if len(s.States) > 0 {
		body["state"] = s.States
	}
	return body
}

// countedFirst is how many tasks a preview counts at once, and countedMost how many if it is asked for
// more: the one is there at once, the other takes seconds.
const countedFirst, countedMost = 500, 100_000

// preview says how many tasks a bulk is about, and which, and changes nothing.
func (c *Console) preview(r *request) error {
	f := r.PostForm
	verb, ok := bulks[f.Get("verb")]
	if !ok {
		return nothing(r)
	}
	body := bulkOf(f, c.now())
	most := countedFirst
	if n, err := strconv.Atoi(f.Get("count")); err == nil && n > 0 && n <= countedMost {
		most = n
	}
	body["dry_run"] = true
	if len(f["name"]) == 0 {
		body["most"] = most
	}
	data := previewData{Verb: f.Get("verb"), Title: verb.Title, Do: verb.Do, Form: url.Values{}, Back: "/tasks/?" + searchOf(f).Values().Encode()}
	if err := c.ask(r.Context(), question{method: http.MethodPost, path: "/v1/tasks/" + data.Verb, body: body}, &data.Bulk); err != nil {
		return err
	}
	data.About = "those that were found"
	if names := f["name"]; len(names) > 0 {
		data.About = "those that were selected"
		data.Form["name"] = names
	} else {
		data.Form = searchOf(f).fixed(c.now(), data.Before).Values()
	}
	if data.More && most < countedMost {
		data.Counts = countedMost
	}
	data.Form.Set("verb", data.Verb)
	data.Form.Set("key", newKey())
	return c.show(r, http.StatusOK, "preview", view{Title: data.Title, Here: "/tasks/", Data: data})
}

// bulk does what a preview was about.
func (c *Console) bulk(r *request) error {
	f := r.PostForm
	verb, ok := bulks[f.Get("verb")]
	if !ok {
		return nothing(r)
	}
	body := bulkOf(f, c.now())
	if f.Get("verb") == "cancel" {
		body["reason"] = f.Get("reason")
	}
	did, more, refused := 0, true, 0
	until := c.now().Add(bulkWithin)
	for part := 0; more && c.now().Before(until); part++ {
		var some api.Bulk
		q := question{method: http.MethodPost, path: "/v1/tasks/" + f.Get("verb"), body: body}
		if key := f.Get("key"); key != "" { // a page that is sent twice does each part once
			q.key = fmt.Sprintf("%s-%d", key, part)
		}
		if err := c.ask(r.Context(), q, &some); err != nil {
			return err
		}
		did, refused, more, body["cursor"] = did+some.Done, refused+some.RefusedCount, some.More, some.Next
	}
	back := searchOf(f).Values()
	back.Del("before")
	if more {
		back.Set("left", "yes")
	}
	return c.done(r, "/tasks/?"+back.Encode(), verb.done, did, refused)
}

// bulkWithin bounds how long one form works on tasks: what is left then, its answer says.
const bulkWithin = 20 * time.Second
