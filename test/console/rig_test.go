// Package console has the tests of the console as operators use it: in a real browser, over HTTP, with
// a worker and a Redis behind it.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/llm"
	"switchyard/internal/queue"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/llmtest"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chore are the args of the kind chore, which does what it is told.
type chore struct {
	User string `json:"user,omitempty"`
	Fail string `json:"fail,omitempty"` // its error
	Hold bool   `json:"hold,omitempty"` // until it is cancelled
	Text string `json:"text,omitempty"` // what it brings back
}

// Kind implements [tasks.Args].
func (chore) Kind() string { return "chore" }

// chores performs tasks of the kind chore. Those that are to fail do so until it is mended.
type chores struct {
	mended sync.Map // by task
}

func (c *chores) perform(ctx context.Context, t *tasks.Task, what chore) (any, error) {
	if what.Hold {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if _, ok := c.mended.Load(t.ID); what.Fail != "" && !ok {
		return nil, tasks.Permanent(errors.New(what.Fail))
	}
	return map[string]string{"text": what.Text}, nil
}

// site is a console with everything behind it.
type site struct {
	testing.TB
	url    string
	system *app.System
	chores *chores
}

// open runs a monitor and a worker on a Redis until the test ends.
func open(t testing.TB, redis string, settings ...func(*config.Config)) *site {
	t.Helper()
	s := &site{TB: t, chores: &chores{}}
	models, err := llmtest.Start(s.answer)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Redis.URL = redis
	c.Policies = map[string]routing.Patch{"chore": {Retention: new(time.Hour)}, "agent_secretary": {Retention: new(time.Hour)}}
	c.Models = map[string]llm.Definition{"main": models.Definition(llm.Chat)}
	c.Agents = map[string]agents.Definition{
		"secretary": {Runtime: "llm", Model: "main", Instructions: "Send what is to be sent.", Tools: []string{"enqueue"}, Enqueues: []string{"chore"}, Approve: []string{"enqueue"}},
	}
	for _, set := range settings {
		set(&c)
	}
	if s.system, err = app.Open(c, zap.NewNop(), tasks.Define("chore", 1, s.chores.perform)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.system.Close()
		models.Close()
	})
	s.work(c)
	s.url = serve(t, s.system)
	return s
}

// work runs a worker until the test ends.
func (s *site) work(c config.Config) {
	s.Helper()
	worker, err := app.NewWorker(s.system, c.Queues)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = worker.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) })
	s.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

// serve runs the monitor of a system until the test ends, and returns where.
func serve(t testing.TB, s *app.System) (address string) {
	t.Helper()
	waiter := queue.NewWaiter(s.Queue)
	pages, err := s.NewMonitor(waiter)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { waiter.Run(ctx) })
	server := httptest.NewServer(pages)
	t.Cleanup(func() {
		server.CloseClientConnections() // streams end
		cancel()
		running.Wait()
		server.Close()
	})
	return server.URL
}

// answer is what the agent's model says: it sends a chore, and says so.
func (s *site) answer(a llmtest.Ask) llmtest.Reply {
	if strings.HasPrefix(a.Last(), "result ") {
		return llmtest.Say("It is sent.")
	}
	return llmtest.Use("enqueue", `{"kind":"chore","payload":{"text":"hello"}}`)
}

// send adds a task.
func (s *site) send(args tasks.Args, o tasks.Options) tasks.Receipt {
	s.Helper()
	receipt, err := s.system.Queue.Enqueue(s.Context(), args, o)
	if err != nil {
		s.Fatal(err)
	}
	return receipt
}

// await waits until a task is in a state.
func (s *site) await(queue, id string, state tasks.State) tasks.Status {
	s.Helper()
	for {
		status, found, err := s.system.Queue.Status(s.Context(), queue, id)
		switch {
		case err != nil:
			s.Fatal(err)
		case found && status.State == state:
			return status
		case s.Context().Err() != nil:
			s.Fatalf("%s/%s is %s, want %s", queue, id, status.State, state)
		}
		time.Sleep(5 * time.Millisecond) // a parked task signals nobody
	}
}

// get asks for a page as somebody; without a name as nobody.
func (s *site) get(path, name, password string) (status int, body string) {
	s.Helper()
	r := httptest.NewRequest(http.MethodGet, s.url+path, nil)
	r.RequestURI = ""
	if name != "" {
		r.SetBasicAuth(name, password)
	}
	return s.do(r)
}

func hash(t testing.TB, password string) string {
	t.Helper()
	text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// onEach runs a test on miniredis and on a redis-server.
func onEach(t *testing.T, test func(t *testing.T, redis string)) {
	t.Run("miniredis", func(t *testing.T) { test(t, "redis://"+redistest.Mini(t).Addr()) })
	t.Run("redis-server", func(t *testing.T) { test(t, "redis://"+redistest.Server(t).Addr) })
}

// do makes a request.
func (s *site) do(r *http.Request) (status int, body string) {
	s.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// operator is who does what a test does beside the browser.
var operator = audit.Actor{Name: "op", Via: audit.Command}

// decide decides about the step of a run, over the HTTP API.
func (s *site) decide(id, step, decision string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+"/v1/tasks/"+id+"/decisions", strings.NewReader(fmt.Sprintf(`{"step":%q,"decision":%q}`, step, decision)))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if status, body := s.do(r); status != http.StatusOK {
		s.Fatalf("%s %s: %d %s", decision, step, status, body)
	}
}

func userPage(id string) string { return "/users/" + url.PathEscape(id) }
