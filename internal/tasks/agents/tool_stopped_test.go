package agents

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

func TestARunThatIsStoppedLeavesInDoubtWhatMayHaveHappened(t *testing.T) {
	for name, tc := range map[string]struct {
		cause error
		sent  bool
		want  string // how the attempt ends
		left  string // how the step does
	}{
		"paused after it was sent":       {control.ErrPaused, true, "parked", "begun"},
		"paused before":                  {control.ErrPaused, false, "parked", "undone"},
		"too long after it was sent":     {tasks.ErrSoftLimit, true, "asks", "begun"},
		"too long before":                {tasks.ErrSoftLimit, false, "fails", "undone"},
		"the worker stops after it was":  {errors.New("worker stops"), true, "fails", "begun"},
		"the worker stops before it was": {errors.New("worker stops"), false, "fails", "undone"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			reached := make(chan struct{})
			s := newStudy(t, calling("odd.act"))
			_, odd := oddService(t, t.TempDir(), func(http.ResponseWriter, message) {
				close(reached)
				<-ctx.Done()
			})
			odd.Effects = []string{"act"}
			s.servers = map[string]Server{"odd": odd}
			s.definition.Tools = []string{"odd.act"}
			runtime := s.runtime()
			if !tc.sent {
				runtime.Client = &http.Client{Transport: &gate{RoundTripper: runtime.Client.Transport, reached: reached}}
			}
			go func() {
				<-reached
				stop(tc.cause)
			}()
			run := Run{Task: &tasks.Task{ID: "t1", Queue: "agents", Run: "r", Attempt: 1}, Definition: s.definition, Args: Args{Agent: "scholar", User: "ada"}, Journal: s.open(1)}
			_, err := runtime.Run(ctx, run)
			err = orWait(ctx, run, err)
			asks := tasks.IsParked(err)
			if err == nil || asks != (tc.want == "asks") {
				t.Errorf("error %v, want that it %s", err, tc.want)
			}
			if got := s.steps(); got != "tool 1.1 odd_act "+tc.left {
				t.Errorf("steps %s, want it %s", got, tc.left)
			}
		})
	}
}

// gate lets no call of a tool through.
type gate struct {
	http.RoundTripper
	reached chan struct{}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if method, _ := methodOf(r); method == "tools/call" {
		close(g.reached)
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return g.RoundTripper.RoundTrip(r)
}

func TestTheLimitOfACallIsItsToolsOrItsServers(t *testing.T) {
	v := newVisit(t.Context(), map[string]Server{"a": {}, "b": {Timeout: time.Second, Timeouts: map[string]time.Duration{"slow": time.Hour}}}, nil)
	defer v.close()
	for name, want := range map[string]time.Duration{"a.x": time.Minute, "b.x": time.Second, "b.slow": time.Hour} {
		if got := v.tool(name).limit(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	slow := oddProgram(t, t.TempDir(), "sleepy")
	slow.Timeout = 1200 * time.Millisecond
	if text, err := callOf(t, slow, nil, "act"); text != "done 1\n" || err != nil {
		t.Errorf("%q, %v; want the limit to begin when there is a connection", text, err)
	}
	for want, server := range map[string]Server{
		"timeout is -1s: use more than 0, or leave it out for 1m0s": {URL: "http://127.0.0.1", Timeout: -time.Second},
		"timeouts.slow is 0s: use more than 0, or leave it out":     {URL: "http://127.0.0.1", Timeouts: map[string]time.Duration{"slow": 0}},
	} {
		if err := server.Check(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
