package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

// handle performs an attempt of the study's run as the agent's kind does, under its brake.
func (s *study) handle(ctx context.Context, number int) (Brief, error) {
	s.t.Helper()
	a, err := New(map[string]Definition{"scholar": s.definition}, map[string]Runtime{"llm": s.runtime()}, control.NewGuard(s.brake, zap.NewNop()), s.store)
	if err != nil {
		s.t.Fatal(err)
	}
	value, err := a.ByKind()["agent_scholar"](ctx, &tasks.Task{ID: "t1", Queue: "agents", Kind: "agent_scholar", Run: "r", Attempt: number, Payload: []byte(`{"user":"ada"}`)})
	var brief Brief
	if raw, ok := value.(json.RawMessage); ok {
		if err := json.Unmarshal(raw, &brief); err != nil {
			s.t.Fatal(err)
		}
	}
	return brief, err
}

// calling has the model call one tool, and answer then.
func calling(tool string) func(llmtest.Ask) llmtest.Reply {
	return func(a llmtest.Ask) llmtest.Reply {
		if turn(a) == 1 {
			return llmtest.Use(strings.ReplaceAll(tool, ".", "_"), `{"to":"bob"}`)
		}
		return llmtest.Say("well")
	}
}

// steps returns the steps of the run that call tools, with their states.
func (s *study) steps() string {
	s.t.Helper()
	h, err := s.store.Read(s.t.Context(), s.run())
	if err != nil {
		s.t.Fatal(err)
	}
	var steps []string
	for _, step := range h.Steps {
		if strings.HasPrefix(step.Name, "tool ") {
			steps = append(steps, fmt.Sprintf("%s %s", step.Name, step.State))
		}
	}
	return strings.Join(steps, ", ")
}

// result returns what the model was told of its first call.
func (s *study) result() string {
	s.t.Helper()
	asked := s.server.Asked()
	for _, line := range asked[len(asked)-1].Conversation {
		if strings.HasPrefix(line, "result ") {
			return line
		}
	}
	return ""
}

func TestAnEffectOfUnknownOutcomeWaitsForAPerson(t *testing.T) {
	last := map[string]string{ // by the tool
		"die":  `calling "tools/call": EOF; the program ended: exit status 3; its standard error ends: "out of memory"`,
		"act":  `calling "tools/call": sending "tools/call": rejected by transport: Post "http://HOST": the server answers 502: ""`,
		"hang": "no result within 200ms: context deadline exceeded",
	}
	for name, server := range map[string]func(t *testing.T, dir string) (Server, string){
		"a program dies": func(t *testing.T, dir string) (Server, string) { return oddProgram(t, dir), "die" },
		"a gateway has lost it": func(t *testing.T, dir string) (Server, string) {
			_, s := oddService(t, dir, func(w http.ResponseWriter, _ message) { w.WriteHeader(http.StatusBadGateway) })
			return s, "act"
		},
		"there is no answer in time": func(t *testing.T, dir string) (Server, string) {
			s := oddProgram(t, dir)
			s.Timeouts = map[string]time.Duration{"hang": 200 * time.Millisecond}
			return s, "hang"
		},
	} {
		for decision, want := range map[control.Decision]string{control.Approved: "twice", control.Rejected: "once"} {
			t.Run(name+", "+string(decision), func(t *testing.T) {
				dir := t.TempDir()
				odd, tool := server(t, dir)
				odd.Effects = []string{tool}
				s := newStudy(t, calling("odd."+tool))
				s.servers = map[string]Server{"odd": odd}
				s.definition.Tools = []string{"odd." + tool}
				for number := 1; number < 3; number++ { // the second finds it in doubt
					_, err := s.handle(t.Context(), number)
					known := ""
					if number == 1 {
						known = " (mcp server odd: " + last[tool] + ")"
					}
					if _, delayed := tasks.ParkedDelay(err); !tasks.IsParked(err) || delayed || placeless(err) != fmt.Sprintf(`parked: step "tool 1.1 odd_%s" has begun and nobody knows whether it was done%s: see switchyard run show t1, then approve t1 to have it done again, or reject t1`, tool, known) {
						t.Fatalf("attempt %d: %v, want it parked until somebody decides", number, err)
					}
				}
				if status, err := s.brake.Look(t.Context(), "ada"); err != nil || status.Waits["agents/t1"] != "tool 1.1 odd_"+tool {
					t.Errorf("status %+v, %v", status, err)
				}
				if _, err := s.store.Decide(t.Context(), s.run(), journal.Verdict{Decision: decision}); err != nil {
					t.Fatal(err)
				}
				_, err := s.handle(t.Context(), 3)
				times := strings.Count(noted(t, dir), tool)
				switch want {
				case "twice":
					if times != 2 || !tasks.IsParked(err) {
						t.Errorf("done %d times, %v; want it done again, and in doubt again", times, err)
					}
				case "once":
					if times != 1 || err != nil || !strings.Contains(s.result(), "not done: a person has decided so") {
						t.Errorf("done %d times, %v, told %s", times, err, s.result())
					}
				}
			})
		}
	}
}

func TestACallThatCertainlyFailedIsToldAndIsNoDoubt(t *testing.T) {
	for name, tc := range map[string]struct {
		server func(t *testing.T, dir string) Server
		tool   string
		told   string
	}{
		"it is refused":         {func(t *testing.T, dir string) Server { return oddProgram(t, dir) }, "refuse", "no such letter"},
		"the tool fails":        {func(t *testing.T, dir string) Server { return oddProgram(t, dir) }, "fail", "out of ink"},
		"the service is closed": {refusing(http.StatusUnauthorized), "act", "the server answers 401"},
		"there are too many":    {refusing(http.StatusTooManyRequests), "act", "the server answers 429"},
	} {
		t.Run(name, func(t *testing.T) {
			odd := tc.server(t, t.TempDir())
			odd.Effects = []string{tc.tool}
			s := newStudy(t, calling("odd."+tc.tool))
			s.servers = map[string]Server{"odd": odd}
			s.definition.Tools = []string{"odd." + tc.tool}
			brief, err := s.handle(t.Context(), 1)
			if err != nil || brief.Text != "well" || !strings.Contains(s.result(), tc.told) {
				t.Errorf("%+v, %v, told %s", brief, err, s.result())
			}
			if got := s.steps(); got != "tool 1.1 odd_"+tc.tool+" done" {
				t.Errorf("steps %s", got)
			}
		})
	}
}

func refusing(status int) func(t *testing.T, dir string) Server {
	return func(t *testing.T, dir string) Server {
		_, s := oddService(t, dir, func(w http.ResponseWriter, _ message) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(status)
		})
		return s
	}
}

func TestAServerThatCannotBeStartedAnyMoreIsToldToTheModel(t *testing.T) {
	dir, first := t.TempDir(), true
	ctx, stop := context.WithCancelCause(t.Context())
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		if first { // its tools are known
			first = false
			stop(errors.New("worker stops"))
		}
		return calling("odd.act")(a)
	})
	odd := oddProgram(t, dir)
	odd.Effects = []string{"act"}
	s.servers = map[string]Server{"odd": odd}
	s.definition.Tools = []string{"odd.act"}
	if _, err := s.handle(ctx, 1); !strings.HasPrefix(fmt.Sprint(err), "worker stops") {
		t.Fatalf("the first attempt: %v, want that its worker stops", err)
	}
	oddProgram(t, dir, "broken")
	brief, err := s.handle(t.Context(), 2)
	if err != nil || brief.Text != "well" || !strings.Contains(s.result(), `mcp server odd: not called: connect: `) || !strings.Contains(s.result(), "exit status 3") {
		t.Errorf("%+v, %v, told %s", brief, err, s.result())
	}
}

func TestACallWithoutEffectOfUnknownOutcomeIsToldAndMayBeMadeAgain(t *testing.T) {
	dir := t.TempDir()
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		switch turn(a) {
		case 1:
			return llmtest.Use("odd_die", `{}`)
		case 2:
			return llmtest.Use("odd_act", `{}`)
		}
		return llmtest.Say("well")
	})
	s.servers = map[string]Server{"odd": oddProgram(t, dir)}
	s.definition.Tools = []string{"odd.die", "odd.act"}
	if brief, err := s.handle(t.Context(), 1); err != nil || brief.Text != "well" || !strings.Contains(s.result(), "out of memory") {
		t.Errorf("%+v, %v, told %s", brief, err, s.result())
	}
	if got := noted(t, dir); got != "start die start act" {
		t.Errorf("it did %s", got)
	}
}
