package monitor

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"
)

//go:embed pages
var files embed.FS

// pages are the templates by name. Each is parsed with the layout around it.
var pages = map[string]*template.Template{
	"docs":    parsePage("docs"),
	"doc":     parsePage("doc"),
	"problem": parsePage("problem"),
}

// readerPages are those that lead to nothing else of the monitor.
var readerPages = map[string]*template.Template{
	"read":           parseReaderPage("read"),
	"read-briefing":  parseReaderPage("read-briefing"),
	"leave":          parseReaderPage("leave"),
	"reader-problem": parseReaderPage("reader-problem"),
}

func parsePage(name string) *template.Template       { return parse("layout", name) }
func parseReaderPage(name string) *template.Template { return parse("reader", name) }

func parse(layout, name string) *template.Template {
	functions := template.FuncMap{"stamp": stamp, "day": day, "segment": url.PathEscape}
	return template.Must(template.New(name).Funcs(functions).ParseFS(files, "pages/"+layout+".html", "pages/leaf.html", "pages/"+name+".html"))
}

// view is what the layout needs; Data is the page's own.
type view struct {
	Title string
	Links []link
	Data  any
}

// show writes a page, whole or not at all.
func (h *Handler) show(w http.ResponseWriter, status int, page, title string, data any) {
	h.write(w, status, page, pages[page], view{Title: title, Links: h.links, Data: data})
}

// showReader writes a page for a reader.
func (h *Handler) showReader(w http.ResponseWriter, status int, page, title string, data any) {
	h.write(w, status, page, readerPages[page], view{Title: title, Data: data})
}

func (h *Handler) write(w http.ResponseWriter, status int, page string, t *template.Template, v view) {
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", v); err != nil {
		h.log.Error("page not rendered", zap.String("page", page), zap.Error(err))
		http.Error(w, "This page cannot be shown; the monitor's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader may have gone
}

// problem is the data of a page that says what went wrong and what to do.
type problem struct{ Text string }

func (h *Handler) notFound(w http.ResponseWriter, text string) {
	h.show(w, http.StatusNotFound, "problem", "Not found", problem{text})
}

// stamp writes a time for programs.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "pages/style.css")
}
