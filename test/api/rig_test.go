// Package api has the tests of the HTTP API as its callers use it: over HTTP, with a worker behind
// it, each answer held against the description at /v1/openapi.json.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/batches"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/queue"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo are the args of the kind echo, which brings back what it gets.
type echo struct {
	Text string `json:"text"`
	User string `json:"user,omitempty"`
	Fail bool   `json:"fail,omitempty"`
	Hold bool   `json:"hold,omitempty"` // until it is cancelled
	Rows []int  `json:"rows,omitempty"`
}

// Kind implements [tasks.Args].
func (echo) Kind() string { return "echo" }

// Validate implements [tasks.Validator].
func (e echo) Validate() error {
	if e.Text == "" {
		return tasks.Field("text", `field "text" is empty: say something`)
	}
	return nil
}

// collect are the args of the kind collect, which gets the results of a batch and brings back their states.
type collect struct {
	User  string `json:"user,omitempty"`
	Input struct {
		Results []batches.Outcome `json:"results"`
	} `json:"input"`
}

// Kind implements [tasks.Args].
func (collect) Kind() string { return "collect" }

func gather(_ context.Context, _ *tasks.Task, c collect) (any, error) {
	said := []string{}
	for _, o := range c.Input.Results {
		said = append(said, fmt.Sprintf("%s %s %s", o.ID, o.State, o.Result))
	}
	return said, nil
}

func perform(ctx context.Context, _ *tasks.Task, e echo) (any, error) {
	if e.Hold {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if e.Fail {
		return nil, tasks.Permanent(errors.New("it is to fail"))
	}
	return map[string]string{"text": e.Text}, nil
}

// door is the API with a worker behind it.
type door struct {
	testing.TB
	url    string
	system *app.System
	check  *judge
	token  string
}

// open runs the API, and a worker if one is asked for, on a Redis until the test ends.
func open(t *testing.T, redis string, works bool, settings ...func(*config.Config)) *door {
	t.Helper()
	d := start(t, redis, works, settings...)
	d.check = d.described()
	return d
}

// start is open without what holds answers against the description.
func start(t testing.TB, redis string, works bool, settings ...func(*config.Config)) *door {
	t.Helper()
	return startWithin(t, redis, works, 30*time.Second, settings...)
}

// startWithin is start with deadlines for the server to read a request and to write its answer.
func startWithin(t testing.TB, redis string, works bool, deadline time.Duration, settings ...func(*config.Config)) *door {
	t.Helper()
	c := config.Default()
	c.Redis.URL = redis
	c.Policies = map[string]routing.Patch{"echo": {Retention: new(time.Hour)}, "collect": {Retention: new(time.Hour)}}
	for _, set := range settings {
		set(&c)
	}
	s, err := app.Open(c, zap.NewNop(), tasks.Define("echo", 1, perform), tasks.Define("collect", 1, gather))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	if works {
		worker, err := app.NewWorker(s, c.Queues)
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() { _ = worker.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) })
	}
	waiter := queue.NewWaiter(s.Queue)
	running.Go(func() { waiter.Run(ctx) })
	pages, err := s.NewMonitor(waiter)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(pages)
	server.Config.ReadTimeout, server.Config.WriteTimeout = deadline, deadline
	server.Start()
	d := &door{TB: t, url: server.URL, system: s}
	t.Cleanup(func() {
		server.Close()
		cancel()
		running.Wait()
		_ = s.Close()
	})
	return d
}

// description returns the API's description, as the operator of [signedIn] sees it where there is one.
func (d *door) description() []byte {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), http.MethodGet, d.url+"/v1/openapi.json", http.NoBody)
	if err != nil {
		d.Fatal(err)
	}
	r.SetBasicAuth("op", "op")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return text
}

// judge holds answers against a description, one at a time.
type judge struct {
	mu sync.Mutex
	validator.Validator
}

// judges are those of the descriptions that there were, by their texts: to make one takes seconds.
var judges = struct {
	sync.Mutex
	of map[string]*judge
}{of: make(map[string]*judge)}

// described returns what holds answers against the description.
func (d *door) described() *judge {
	d.Helper()
	text := d.description()
	judges.Lock()
	defer judges.Unlock()
	if known := judges.of[string(text)]; known != nil {
		return known
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		d.Fatal(err)
	}
	check, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		d.Fatal(errs)
	}
	made := &judge{Validator: check}
	judges.of[string(text)] = made
	return made
}

// answer is an answer with its body.
type answer struct {
	status int
	header http.Header
	body   string
}

// field returns a field of the body, by names with dots between them.
func (a answer) field(path string) string {
	var v any
	if json.Unmarshal([]byte(a.body), &v) != nil {
		return ""
	}
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	if text, ok := v.(string); ok {
		return text
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// do sends a request with headers as name: value, and holds the answer against the description.
func (d *door) do(method, path, body string, headers ...string) answer {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if d.token != "" {
		r.Header.Set("Authorization", "Bearer "+d.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		d.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		d.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(text)}
	if a.header.Get("X-Request-Id") == "" {
		d.Errorf("%s %s: the answer has no name", method, path)
	}
	if res.StatusCode != http.StatusNotModified {
		d.hold(r, res, text)
	}
	return a
}

// plain looks at an address that the description does not know.
func (d *door) plain(path string) answer {
	d.Helper()
	res, err := http.Get(d.url + path)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// hold holds an answer against the description. What no operation answers has none.
func (d *door) hold(r *http.Request, res *http.Response, body []byte) {
	d.Helper()
	if res.StatusCode >= 400 && res.Header.Get("Content-Type") != "application/problem+json" {
		d.Errorf("%s %s: %d is told as %s: %s", r.Method, r.URL, res.StatusCode, res.Header.Get("Content-Type"), body)
	}
	if r.Method == http.MethodOptions || res.StatusCode == http.StatusMethodNotAllowed || res.Header.Get("Content-Type") == "text/event-stream" {
		return
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	d.check.mu.Lock()
	ok, errs := d.check.ValidateHttpResponse(r, res)
	d.check.mu.Unlock()
	if !ok {
		for _, err := range errs {
			d.Errorf("%s %s: %d %s\nis not as described: %s: %s %v", r.Method, r.URL, res.StatusCode, body, err.Message, err.Reason, err.SchemaValidationErrors)
		}
	}
}

// want fails the test unless a request is answered with a status, and fields as path=value.
func (d *door) want(status int, a answer, fields ...string) answer {
	d.Helper()
	if a.status != status {
		d.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, f := range fields {
		path, value, _ := strings.Cut(f, "=")
		if got := a.field(path); got != value {
			d.Errorf("%s is %q, want %q: %s", path, got, value, a.body)
		}
	}
	return a
}

// onEach runs a test on miniredis and on a redis-server.
func onEach(t *testing.T, works bool, test func(d *door), settings ...func(*config.Config)) {
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(open(t, "redis://"+redistest.Mini(t).Addr(), works, settings...))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		test(open(t, "redis://"+redistest.Server(t).Addr, works, settings...))
	})
}
