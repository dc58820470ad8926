package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/tokens"
)

//go:embed pages assets
var files embed.FS

// parse returns the templates of the pages by name, each with the layout around it.
func parse(now func() time.Time) (map[string]*template.Template, error) {
	base, err := template.New("").Funcs(functions(now)).ParseFS(files, "pages/layout.html", "pages/parts.html")
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	pages := make(map[string]*template.Template, len(names))
	for _, name := range names {
		t, err := base.Clone()
		if err == nil {
			_, err = t.ParseFS(files, name)
		}
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		pages[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return pages, nil
}

// sections are the parts of the console, with the keys behind g that lead to them.
var sections = []section{
	{"/", "Overview", "o", ""}, {"/tasks/", "Tasks", "t", tokens.TasksRead}, {"/runs/", "Runs", "r", tokens.RunsRead},
	{"/decisions/", "Decisions", "d", tokens.RunsRead}, {"/users/", "Users", "u", tokens.BrakeRead}, {"/schedule/", "Schedule", "s", tokens.ScheduleRead},
	{"/sources/", "Sources", "f", tokens.ScheduleRead}, {"/briefings/", "Briefings", "b", tokens.BriefingsRead},
	{"/audit/", "Audit", "a", tokens.AuditRead}, {"/tokens/", "Tokens", "k", tokens.TokensRead},
}

// section is a part of the console. Whoever may not do what it needs is not led there.
type section struct {
	Href, Name, Key string
	needs           tokens.Action
}

// view is what the layout needs; Data is the page's own.
type view struct {
	Title    string
	Here     string // the section that the page is in
	Sections []section
	Links    []Link
	Name     string // who is signed in; "": nobody signs in here
	Bound    string // the user for whom alone the caller asks; "": for all
	Refresh  int    // after how many seconds the page is out of date; 0: never by itself
	Follow   string // the address of a stream whose events make it out of date
	Done     string // what was just done, in words
	Data     any

	caller *api.Caller
}

// May reports whether who looks may do something, with tasks of all kinds.
func (v view) May(action tokens.Action) bool { return v.caller.May(action, "") }

// MayWith is May for tasks of a kind.
func (v view) MayWith(action tokens.Action, kind string) bool { return v.caller.May(action, kind) }

// show writes a page, whole or not at all.
func (c *Console) show(r *request, status int, page string, v view) error {
	v.caller, v.Name, v.Bound = r.caller, r.caller.Name, r.caller.User
	for _, s := range sections {
		if s.needs == "" || v.May(s.needs) {
			v.Sections = append(v.Sections, s)
		}
	}
	for _, l := range c.links {
		if !l.Whole || v.Bound == "" {
			v.Links = append(v.Links, l)
		}
	}
	if v.Done == "" {
		v.Done = doneWords(r.URL.Query())
	}
	var out bytes.Buffer
	if err := c.pages[page].ExecuteTemplate(&out, "layout", v); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	r.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	r.w.WriteHeader(status)
	_, _ = out.WriteTo(r.w) // the reader may have gone
	return nil
}

// fail answers with a page that says what went wrong and what to do.
func (c *Console) fail(r *request, err error) {
	var p *api.Problem
	if !errors.As(err, &p) {
		c.log.Error("page not shown", zap.String("page", r.URL.Path), zap.Error(err))
		p = &api.Problem{Status: http.StatusInternalServerError, Title: "This page cannot be shown", Detail: "The monitor's log says why."}
	}
	if p.Status == http.StatusServiceUnavailable {
		c.log.Error("page not shown", zap.String("page", r.URL.Path), zap.Error(err))
		p.Detail = "Redis cannot be asked now. Reload in a moment; the monitor's log says why."
	}
	if err := c.show(r, p.Status, "problem", view{Title: p.Title, Data: p}); err != nil {
		c.log.Error("page not shown", zap.String("page", r.URL.Path), zap.Error(err))
		http.Error(r.w, "This page cannot be shown; the monitor's log says why.", http.StatusInternalServerError)
	}
}

// asset serves a file of the pages, which a browser keeps as long as it is the same.
func asset(name string) http.HandlerFunc {
	text, err := files.ReadFile("assets/" + name)
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		if err != nil { // never: it is embedded
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
	}
}
