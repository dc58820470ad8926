package api

import (
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/config"
	"switchyard/internal/tokens"
	"switchyard/test/redistest"
)

const (
	site      = "Origin: https://app.example"
	elsewhere = "Origin: https://evil.example"
	crossSite = "Sec-Fetch-Site: cross-site"
)

// across opens the API to the pages of site.
func across(t *testing.T) *door {
	return open(t, "redis://"+redistest.Mini(t).Addr(), false, func(c *config.Config) { c.Monitor.Origins = []string{"https://app.example"} })
}

// header holds a header of an answer against what it must be.
func (d *door) header(a answer, name, want string) {
	d.Helper()
	if got := strings.Join(a.header.Values(name), ", "); got != want {
		d.Errorf("%s is %q, want %q", name, got, want)
	}
}

func TestABrowserIsToldWhatAPageMayAskBeforeAnybodySignsIn(t *testing.T) {
	d := across(t)
	const headers = "Access-Control-Request-Headers: authorization,content-type"
	for path, methods := range map[string]string{
		"/v1/tasks":              "GET, HEAD, POST",
		"/v1/tasks/x%2Fy/events": "GET, HEAD",
		"/v1/schedule/x":         "GET, HEAD, PUT, PATCH, DELETE",
		"/v1/openapi.json":       "GET, HEAD",
	} {
		method := methods[strings.LastIndex(methods, " ")+1:]
		a := d.want(http.StatusNoContent, d.do("OPTIONS", path, "", site, crossSite, "Access-Control-Request-Method: "+method, headers))
		d.header(a, "Access-Control-Allow-Origin", "https://app.example")
		d.header(a, "Access-Control-Allow-Methods", methods)
		d.header(a, "Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, traceparent, tracestate")
		d.header(a, "Access-Control-Max-Age", "7200")
		d.header(a, "Access-Control-Allow-Credentials", "")
		d.header(a, "Vary", "Origin, Access-Control-Request-Method")
	}
	a := d.want(http.StatusForbidden, d.do("OPTIONS", "/v1/tasks", "", elsewhere, crossSite, "Access-Control-Request-Method: POST"), "type=/problems/foreign-page",
		`detail=the origin "https://evil.example" is not among monitor.origins: add it there if its pages may ask with a token`)
	d.header(a, "Access-Control-Allow-Origin", "")
	d.want(http.StatusNotFound, d.do("OPTIONS", "/v1/nothing", "", site, "Access-Control-Request-Method: GET"), "type=/problems/not-found")
	a = d.want(http.StatusMethodNotAllowed, d.do("OPTIONS", "/v1/tasks", "", site, "Access-Control-Request-Method: PUT"), "detail=PUT is not among GET, HEAD, POST")
	d.header(a, "Allow", "GET, HEAD, POST")
}

func TestAPageOfAnotherOriginAsksWithATokenAlone(t *testing.T) {
	d := across(t)
	const body = `{"kind":"echo","payload":{"text":"a"}}`
	for _, basic := range []string{"X-None: ", "Authorization: Basic YWRhOnNlY3JldA==", "Cookie: session=1"} {
		a := d.want(http.StatusUnauthorized, d.do("POST", "/v1/tasks", body, site, crossSite, basic), "type=/problems/unauthenticated",
			"detail=a page of another origin asks with a token alone: send it as Authorization: Bearer")
		d.header(a, "Access-Control-Allow-Origin", "https://app.example")
		d.header(a, "Access-Control-Allow-Credentials", "")
	}
	d.want(http.StatusUnauthorized, d.do("GET", "/v1/tasks", "", site), "type=/problems/unauthenticated") // of a browser that says no more
	a := d.want(http.StatusForbidden, d.do("POST", "/v1/tasks", body, elsewhere, crossSite), "type=/problems/foreign-page")
	d.header(a, "Access-Control-Allow-Origin", "")
	d.header(a, "Vary", "Origin")
	d.want(http.StatusCreated, d.do("POST", "/v1/tasks", body, "Origin: "+d.url, "Sec-Fetch-Site: same-origin")) // a page of its own
	if n := d.waiting(); n != 1 {
		d.Errorf("%d tasks wait, want 1", n)
	}

	d.make(tokens.New{}, "tasks:send", "tasks:read")
	a = d.want(http.StatusCreated, d.do("POST", "/v1/tasks", body, site, crossSite), "state=waiting")
	d.header(a, "Access-Control-Allow-Origin", "https://app.example")
	d.header(a, "Vary", "Origin")
	for _, name := range []string{"ETag", "Idempotency-Replayed", "Link", "Location", "Preference-Applied", "RateLimit", "Retry-After", "X-Request-Id"} {
		if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), name) {
			d.Errorf("a page may not read %s", name)
		}
	}
	a = d.want(http.StatusOK, d.do("GET", "/v1/tasks", "", elsewhere, crossSite)) // no browser lets the page read it
	d.header(a, "Access-Control-Allow-Origin", "")
	a = d.want(http.StatusOK, d.do("GET", "/v1/tasks", ""))
	d.header(a, "Access-Control-Allow-Origin", "")
	d.header(a, "Vary", "Origin")
}

func TestWithoutPagesTheAPIIsAllThereIs(t *testing.T) {
	d := open(t, "redis://"+redistest.Mini(t).Addr(), false, func(c *config.Config) { c.Monitor.Pages = false })
	d.want(http.StatusCreated, d.do("POST", "/v1/tasks", later))
	for _, path := range []string{"/asynqmon/", "/asynqmon/api/queues", "/docs/", "/briefings/", "/schedule/", "/style.css", "/v2/tasks"} {
		d.want(http.StatusNotFound, d.plain(path), "type=/problems/not-found", `detail=there is nothing at "`+path+`": /v1/ lists what there is`)
	}
	d.want(http.StatusOK, d.plain("/"), "api=/v1/", "description=/v1/openapi.json")
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/v1/"} {
		d.want(http.StatusOK, d.plain(path))
	}
}
