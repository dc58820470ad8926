package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// service is an agent's service that answers as the test says and keeps what it is asked.
type service struct {
	t      *testing.T
	server *httptest.Server
	answer func(w http.ResponseWriter, r *http.Request)

	mu     sync.Mutex
	asked  []string        // method and path
	ids    map[string]bool // of all but the POSTs
	posted []string        // the ids of those
	body   string
}

func newService(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *service {
	t.Helper()
	s := &service{t: t, answer: answer, ids: map[string]bool{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		err = webhook.Verify(body, r.Header)
	}
	s.mu.Lock()
	if err != nil {
		s.t.Errorf("%s %s is not signed: %v", r.Method, r.URL.Path, err)
	}
	id := r.Header.Get("webhook-id")
	if s.ids[id] {
		s.t.Errorf("two calls have the id %s", id)
	}
	if r.Method == http.MethodPost {
		s.posted = append(s.posted, id)
	} else {
		s.ids[id] = true
	}
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	if len(body) > 0 {
		s.body = string(body)
	}
	s.mu.Unlock()
	s.answer(w, r)
}

// call makes the first attempt of a run of its own.
func (s *service) call(ctx context.Context) (any, error) {
	return s.attempt(ctx, newBooks(s.t), 1)
}

// attempt makes an attempt of the run in books.
func (s *service) attempt(ctx context.Context, b *books, number int) (any, error) {
	client := s.server.Client()
	client.CheckRedirect = NoRedirect
	h := &HTTP{Client: client, Getenv: func(string) string { return secret }}
	return h.Run(ctx, Run{
		Task:       &tasks.Task{ID: "t1", Run: "r", Attempt: number},
		Definition: Definition{Runtime: "http", URL: s.server.URL + "/run", SecretEnv: "SECRET", Poll: time.Millisecond},
		Args:       Args{Agent: "scout", User: "ada"},
		Journal:    b.open(number),
	})
}

func (s *service) wantAsked(want string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.asked, ", "); got != want {
		s.t.Errorf("asked %s, want %s", got, want)
	}
}

func TestAServiceGetsTheInputAndGivesTheResult(t *testing.T) {
	ctx, header := traced(t)
	s := newService(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Traceparent"); got != header {
			t.Errorf("the trace is %q, want %q", got, header)
		}
		_, _ = io.WriteString(w, `{"found":2}`)
	})
	result, err := s.call(ctx)
	if err != nil || fmt.Sprintf("%s", result) != `{"found":2}` {
		t.Errorf("result %s, %v", result, err)
	}
	var in struct {
		Task, Agent, User string
		Attempt           int
	}
	if err := json.Unmarshal([]byte(s.body), &in); err != nil || in.Task != "t1" || in.Agent != "scout" || in.User != "ada" || in.Attempt != 1 {
		t.Errorf("it read %s, %v", s.body, err)
	}
	s.wantAsked("POST /run")
}

func TestWorkThatWasAcceptedIsAskedForUntilItIsDone(t *testing.T) {
	asked := 0
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 4 {
			w.Header().Set("Location", "/runs/7")
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if result, err := s.call(t.Context()); result != nil || err != nil {
		t.Errorf("result %v, %v; want none", result, err)
	}
	s.wantAsked("POST /run, GET /runs/7, GET /runs/7, GET /runs/7")
}

func TestAServiceIsToldWhenNobodyWaitsForItAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newService(t, nil)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			cancel(control.ErrPaused)
		}
		w.Header().Set("Location", "/runs/7")
		w.WriteHeader(http.StatusAccepted)
	}
	if _, err := s.call(ctx); !errors.Is(err, control.ErrPaused) {
		t.Errorf("error %v, want ErrPaused", err)
	}
	s.wantAsked("POST /run, GET /runs/7, DELETE /runs/7")
}

func TestWorkThatGoesOnIsNotStartedTwice(t *testing.T) {
	handedBack := errors.New("worker stops")
	for name, tc := range map[string]struct {
		cause error
		want  string
		posts int // under ids of their own
	}{
		"its worker stops": {cause: handedBack, want: "POST /run, GET /runs/7, GET /runs/7", posts: 1},
		"it is paused":     {cause: control.ErrPaused, want: "POST /run, GET /runs/7, DELETE /runs/7, POST /run, GET /runs/7", posts: 2},
		"it is lost":       {want: "POST /run, GET /runs/7, POST /run, GET /runs/7", posts: 2},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			gets := 0
			s := newService(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/runs/7")
				if r.Method == http.MethodGet {
					gets++
				}
				switch {
				case r.Method == http.MethodPost:
					w.WriteHeader(http.StatusAccepted)
				case gets > 1:
					_, _ = io.WriteString(w, `"done"`)
				case tc.cause == nil:
					w.WriteHeader(http.StatusNotFound)
				default:
					cancel(tc.cause)
					w.WriteHeader(http.StatusAccepted)
				}
			})
			b := newBooks(t)
			_, err := s.attempt(ctx, b, 1)
			if want := cmp.Or(tc.cause, errLost); !errors.Is(err, want) || tasks.IsPermanent(err) {
				t.Errorf("first attempt: %v, want %v", err, want)
			}
			result, err := s.attempt(t.Context(), b, 2)
			if err != nil || fmt.Sprintf("%s", result) != `"done"` {
				t.Errorf("second attempt: %s, %v", result, err)
			}
			s.wantAsked(tc.want)
			if ids := slices.Compact(s.posted); len(ids) != tc.posts {
				t.Errorf("the POSTs have the ids %v, want %d different", s.posted, tc.posts)
			}
		})
	}
}

func TestACallThatMayHaveArrivedIsSentAgainUnderItsId(t *testing.T) {
	fails := 1
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
		if fails--; fails >= 0 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		_, _ = io.WriteString(w, `1`)
	})
	b := newBooks(t)
	if _, err := s.attempt(t.Context(), b, 1); err == nil || tasks.IsPermanent(err) {
		t.Errorf("first attempt: %v, want it to be tried again", err)
	}
	if _, err := s.attempt(t.Context(), b, 2); err != nil {
		t.Error(err)
	}
	if ids := slices.Compact(s.posted); len(s.posted) < 2 || len(ids) != 1 {
		t.Errorf("the POSTs have the ids %v, want the same", s.posted)
	}
}

func TestWhatAServiceAnswersDecidesWhatFollows(t *testing.T) {
	for name, tc := range map[string]struct {
		status        int
		header, value string
		body          string
		want          string
		permanent     bool
		delay         time.Duration
	}{
		"it refuses":         {status: 400, body: "no such user", want: `the service answers 400: "no such user"`, permanent: true},
		"it is gone":         {status: 404, want: `the service answers 404: ""`, permanent: true},
		"it is busy":         {status: 429, header: "Retry-After", value: "90", want: `the service answers 429: ""`, delay: 90 * time.Second},
		"it is down":         {status: 503, want: `the service answers 503: ""`},
		"it fails":           {status: 500, body: "oops", want: `the service answers 500: "oops"`},
		"it is too slow":     {status: 408, want: "the service answers 408"},
		"it redirects":       {status: 302, header: "Location", value: "http://127.0.0.1:1/", want: `the service answers 302: ""`, permanent: true},
		"it leads away":      {status: 202, header: "Location", value: "http://127.0.0.1:1/", want: `the service's Location leads elsewhere: it has to stay on the host of its url: "http://127.0.0.1:1/"`, permanent: true},
		"it speaks no JSON":  {status: 200, body: "<html>", want: `the service's answer "<html>" is not JSON`, permanent: true},
		"it speaks too much": {status: 200, body: strings.Repeat(" ", maxAnswer+1), want: "the service's answer has more than 1048576 bytes: answer with a reference", permanent: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
				if tc.header != "" {
					w.Header().Set(tc.header, tc.value)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			_, err := s.call(t.Context())
			delay, _ := tasks.RetryDelay(err)
			if fmt.Sprint(err) != tc.want || tasks.IsPermanent(err) != tc.permanent || delay != tc.delay {
				t.Errorf("error %v after %s, want %q, permanent %v, after %s", err, delay, tc.want, tc.permanent, tc.delay)
			}
		})
	}
}

func TestAServiceThatHangsIsNotWaitedForForEver(t *testing.T) {
	hangs := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	defer server.Close()
	defer close(hangs)
	h := &HTTP{Client: server.Client(), Getenv: os.Getenv}
	_, err := h.Run(t.Context(), Run{
		Task: &tasks.Task{ID: "t1", Attempt: 1}, Definition: Definition{URL: server.URL, Timeout: 50 * time.Millisecond}, Journal: newBooks(t).open(1),
	})
	if !errors.Is(err, context.DeadlineExceeded) || tasks.IsPermanent(err) {
		t.Errorf("error %v, want it to be tried again", err)
	}
}

func TestASecretThatIsNotThereOrNoneIsNamedWithoutSayingIt(t *testing.T) {
	for value, want := range map[string]string{"": "secret_env: the variable SECRET is empty: set it to the service's secret, which begins with whsec_", "not-base64!": "secret_env: the variable SECRET holds no Standard Webhooks secret: it is whsec_ and base64"} {
		h := &HTTP{Client: http.DefaultClient, Getenv: func(string) string { return value }}
		_, err := h.Run(t.Context(), Run{Task: &tasks.Task{}, Journal: newBooks(t).open(1), Definition: Definition{URL: "http://127.0.0.1:1", SecretEnv: "SECRET"}})
		if fmt.Sprint(err) != want || value != "" && strings.Contains(err.Error(), value) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestABadServiceIsRefusedByName(t *testing.T) {
	_, err := New(map[string]Definition{
		"x": {Runtime: "http", URL: "ftp://example.org"}, "y": {Runtime: "http", URL: "http://example.org", Poll: time.Millisecond}, "z": {Runtime: "rank", URL: "http://example.org"},
		"t": {Runtime: "http", URL: "http://example.org", Timeout: -1},
	}, map[string]Runtime{"rank": &Rank{}, "http": &HTTP{}}, &brake{}, nil)
	const want = `agent "t": timeout is -1ns: use 0 or more
agent "x": url "ftp://example.org": give an http or https URL, such as https://example.com/v1
agent "y": poll is 1ms: use 100ms or more
agent "z": url is given to the runtime "rank": use the runtime http, or leave it out`
	if fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
