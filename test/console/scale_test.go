package console

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// scaleArgs are the args of the kinds that the scale tests have beside those of Switchyard.
type scaleArgs struct {
	kind string
	User string `json:"user"`
}

// Kind implements [tasks.Args].
func (a scaleArgs) Kind() string { return a.kind }

// scaleSystem is a monitor in this process.
type scaleSystem struct {
	*app.System
	url    string
	client *http.Client
}

// scaleOpen runs a monitor on a redis-server of its own until the benchmark ends.
func scaleOpen(b *testing.B) scaleSystem {
	b.Helper()
	c := config.Default()
	c.Redis.URL = "redis://" + redistest.Server(b).Addr
	var own []tasks.Definition
	for _, kind := range []string{"agent_write", "agent_read", "report", "count"} {
		own = append(own, tasks.Define(kind, 1, func(context.Context, *tasks.Task, scaleArgs) (any, error) { return nil, nil }))
	}
	s, err := app.Open(c, zap.NewNop(), own...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{}}
	address := serve(b, s)
	b.Cleanup(client.CloseIdleConnections)
	return scaleSystem{s, address, client}
}

// page asks for a page, and returns it and how long it took. A form is posted.
func (s scaleSystem) page(b *testing.B, path string, form url.Values) (text string, took time.Duration) {
	b.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.Context(), method, s.url+path, body)
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	begun := time.Now()
	res, err := s.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	all, err := io.ReadAll(res.Body)
	took = time.Since(begun)
	if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode >= http.StatusInternalServerError {
		b.Fatalf("%s: %s, %v: %.300s", path, res.Status, err, all)
	}
	return string(all), took
}

var scaleNextLink = regexp.MustCompile(`<a (?:rel="next" )?href="([^"]*cursor=[^"]*)"`)

// behind returns the address of the page behind another one: that page itself if it is the last.
func (s scaleSystem) behind(b *testing.B, path string) string {
	b.Helper()
	text, _ := s.page(b, path, nil)
	if link := scaleNextLink.FindStringSubmatch(text); link != nil {
		return html.UnescapeString(link[1])
	}
	return path
}

// scalePage is a page that is measured.
type scalePage struct {
	name, path string
	form       url.Values
}

// scalePages returns the pages to measure; run is the name of a task whose run waits for a person.
func scalePages(b *testing.B, s scaleSystem, run string, many int, now time.Time) (all []scalePage) {
	b.Helper()
	plain := scaleNth(many/2, many, now)
	ask := func(name, path string) { all = append(all, scalePage{name, path, nil}) }
	for _, path := range []string{
		"/", "/?span=24h", "/tasks/", "/tasks/?state=waiting", "/tasks/?state=scheduled", "/tasks/?state=retrying", "/tasks/?state=parked", "/tasks/?state=failed", "/tasks/?state=cancelled",
		"/tasks/?state=succeeded", "/tasks/?state=running", "/tasks/?kind=report", "/tasks/?kind=agent_*", "/tasks/?kind=agent_*&state=failed", "/tasks/?kind=count&state=cancelled", "/tasks/?user=u77", "/tasks/?user=nobody", "/tasks/?tag=order:77",
		"/tasks/?user=u77&state=failed", "/tasks/?error=pdf", "/tasks/?error=" + url.QueryEscape(scaleRare), "/tasks/?error=" + url.QueryEscape(scaleNever),
		"/tasks/?sent=1h", "/tasks/?sent=1h&state=failed", "/tasks/?sent=1h&kind=report", "/runs/", "/runs/?user=u77", "/decisions/", "/users/", "/users/?match=u77", "/users/u77", "/users/*",
		"/schedule/", "/schedule/?match=77", "/schedule/?match=nosuch", "/schedule/?kind=report", "/schedule/?kind=nosuch", "/schedule/?owner=u77", "/schedule/?origin=config", "/schedule/?state=error", "/schedule/?state=overdue",
		"/schedule/?state=over", "/schedule/entries/nightly-report-000006", "/schedule/new?spec=0+8+*+*+MON-FRI", "/sources/", "/briefings/", "/briefings/?user=u77", "/audit/", "/audit/?user=u77", "/tokens/",
		"/search?q=" + plain.id, "/search?q=u77", "/search?q=agent_*", "/search?q=pdf",
	} {
		ask(path, path)
	}
	ask("task", "/tasks/"+plain.queue+"/"+plain.id)
	ask("run", "/tasks/"+run)
	for _, path := range []string{"/tasks/", "/tasks/?state=waiting", "/tasks/?state=succeeded", "/tasks/?kind=report", "/tasks/?error=pdf", "/tasks/?error=" + url.QueryEscape(scaleNever), "/runs/", "/schedule/", "/schedule/?match=77", "/users/", "/briefings/", "/audit/"} {
		ask(path+" second", s.behind(b, path))
	}
	for _, form := range []url.Values{{"verb": {"cancel"}, "state": {"waiting"}}, {"verb": {"delete"}, "kind": {"agent_*"}}, {"verb": {"run"}, "error": {"503"}}, {"verb": {"delete"}, "user": {"u77"}}} {
		all = append(all, scalePage{"preview " + form.Encode(), "/tasks/preview", form})
	}
	return all
}

// BenchmarkPagesAtAMillionTasks asks for each page of the console, on a redis-server that holds a million
// tasks, or SCALE_TASKS of them, and a tenth as many entries. The baseline is the same page on an empty
// one, in turn.
func BenchmarkPagesAtAMillionTasks(b *testing.B) {
	many := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("SCALE_TASKS")); err == nil {
		many = n
	}
	full, empty, now := scaleOpen(b), scaleOpen(b), time.Now()
	scaleFill(b, full.Redis, many, now)
	run := scaleAsk(b, full.Redis, full.Brake, many, now)
	scaleEntries(b, full.System, many/10, now)
	scaleBeside(b, full.System, now)
	b.Logf("filled in %s; Redis uses %.0f MB", time.Since(now).Round(time.Second), scaleMemory(b.Context(), full.Redis))
	for _, p := range scalePages(b, full, run, many, now) {
		b.Run(strings.ReplaceAll(p.name, "/", "|"), func(b *testing.B) {
			var took, base []time.Duration
			for b.Loop() {
				_, t := full.page(b, p.path, p.form)
				_, e := empty.page(b, p.path, p.form)
				took, base = append(took, t), append(base, e)
			}
			scaleReport(b, took, "ms")
			b.ReportMetric(scaleShare(base, 50), "empty-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// scaleReport reports the median and the longest of some times, in milliseconds.
func scaleReport(b *testing.B, took []time.Duration, unit string) {
	b.Helper()
	b.ReportMetric(scaleShare(took, 50), "median-"+unit)
	b.ReportMetric(scaleShare(took, 100), "slowest-"+unit)
}

// scaleShare returns what a share of 100 of some times did not exceed, in milliseconds.
func scaleShare(took []time.Duration, of int) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[(len(sorted)*of+99)/100-1].Microseconds()) / 1000
}
