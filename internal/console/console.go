// Package console is what an operator works with in a browser: what needs a person, tasks, runs and
// decisions, users, the schedule, sources, briefings, the audit log and tokens.
//
// Its pages are made here, whole, and work without JavaScript; a script keeps them up to date. All
// that they show and do is asked of the HTTP API in this process, as the caller that the request's
// context carries, so that nobody may do more by a page than by a program.
package console

import (
	"errors"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/api"
)

// Options are what the pages are made from.
type Options struct {
	// API answers under /v1/.
	API http.Handler
	// Traces is the address where a trace is looked at, with {trace} for its ID; "": nowhere.
	Traces string
	// Sanitize returns what is harmless in the HTML of a briefing, which is made from pages of others.
	Sanitize func(html string) template.HTML
	// Links lead to what is beside the console, such as asynqmon.
	Links []Link
	// Now is the clock that times are told by; nil: the system's.
	Now func() time.Time
	Log *zap.Logger
}

// Link is a place that the navigation leads to.
type Link struct {
	Href, Name string
	Key        string // behind g
	Whole      bool   // it is about all users: a sign-in that is for one alone is not led there
}

// Console answers requests of browsers. It is safe for concurrent use, and owns no goroutines.
type Console struct {
	api      http.Handler
	links    []Link
	now      func() time.Time
	log      *zap.Logger
	traces   string
	sanitize func(string) template.HTML
	pages    map[string]*template.Template
	mux      *http.ServeMux
}

// New returns a console. Whoever asks it must be behind what lets people in, have their
// [api.Caller] in the request's context, and be protected from requests of other sites.
func New(o Options) (*Console, error) {
	if o.API == nil || o.Sanitize == nil || o.Log == nil {
		return nil, errors.New("console: API, Sanitize and Log are all needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Console{api: o.API, links: o.Links, now: o.Now, log: o.Log, traces: o.Traces, sanitize: o.Sanitize, mux: http.NewServeMux()}
	var err error
	if c.pages, err = parse(c.now); err != nil {
		return nil, err
	}
	c.routes()
	return c, nil
}

// ServeHTTP implements [http.Handler].
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policy)
	c.mux.ServeHTTP(w, r)
}

// policy is the Content-Security-Policy of the pages: scripts and styles are files of ours, forms
// lead here, and nothing comes from elsewhere, whatever a task, a page or a model has written.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (c *Console) routes() {
	for pattern, page := range map[string]func(*request) error{
		"GET /{$}":                              c.overview,
		"GET /search":                           c.search,
		"GET /tasks/{$}":                        c.listTasks,
		"POST /tasks/preview":                   c.preview,
		"POST /tasks/bulk":                      c.bulk,
		"GET /tasks/{queue}/{id}":               c.showTask,
		"POST /tasks/{queue}/{id}/decide":       c.decide,
		"POST /tasks/{queue}/{id}/{verb}":       c.changeTask,
		"GET /runs/{$}":                         c.listRuns,
		"GET /decisions/{$}":                    c.listDecisions,
		"GET /users/{$}":                        c.listUsers,
		"GET /users/{user}":                     c.showUser,
		"POST /users/{user}/{verb}":             c.brake,
		"POST /queues/{queue}/{verb}":           c.pauseQueue,
		"GET /schedule/{$}":                     c.listEntries,
		"GET /schedule/new":                     c.newEntry,
		"GET /schedule/explain":                 c.explain,
		"POST /schedule/new":                    c.saveEntry,
		"GET /schedule/entries/{id}":            c.showEntry,
		"GET /schedule/entries/{id}/edit":       c.editEntry,
		"POST /schedule/entries/{id}/{verb}":    c.changeEntry,
		"GET /sources/{$}":                      c.listSources,
		"GET /sources/{name}":                   c.showSource,
		"GET /briefings/{$}":                    c.listBriefings,
		"GET /briefings/{id}":                   c.showBriefing,
		"POST /briefings/{id}/{channel}/{verb}": c.changeDelivery,
		"GET /audit/{$}":                        c.listAudit,
		"GET /tokens/{$}":                       c.listTokens,
		"POST /tokens/{$}":                      c.makeToken,
		"POST /tokens/{id}/revoke":              c.revokeToken,
	} {
		c.mux.HandleFunc(pattern, c.page(page))
	}
	c.mux.HandleFunc("GET /", c.page(nothing))
	for _, name := range []string{"console.css", "console.js", "uplot.js", "uplot.css"} {
		c.mux.HandleFunc("GET /"+name, asset(name))
	}
}

// request is what a page is asked for.
type request struct {
	*http.Request
	w      http.ResponseWriter
	caller *api.Caller
}

// maxForm bounds the body of a form, in bytes: it may name a thousand tasks.
const maxForm = 1 << 20

// page answers with a page, and with one that says what went wrong.
func (c *Console) page(answer func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		req := &request{r, w, api.CallerOf(r.Context())}
		err := r.ParseForm()
		if err != nil {
			err = &api.Problem{Status: http.StatusBadRequest, Title: "The form cannot be read", Detail: "Go back and send it again, with fewer tasks selected."}
		} else {
			err = answer(req)
		}
		if err != nil {
			c.fail(req, err)
		}
	}
}
