package agents

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

func TestATypoAmongEffectsIsAnErrorThatNamesTheToolsThereAre(t *testing.T) {
	all := strings.Join(oddTools, ", ")
	for want, change := range map[string]func(*Server){
		`mcp server odd: effects names "atc", which is none of its tools: it has ` + all:  func(s *Server) { s.Effects = []string{"act", "atc"} },
		`mcp server odd: timeouts names "atc", which is none of its tools: it has ` + all: func(s *Server) { s.Timeouts = map[string]time.Duration{"atc": time.Second} },
	} {
		server := oddProgram(t, t.TempDir())
		change(&server)
		s := newStudy(t, calling("odd.act"))
		s.servers = map[string]Server{"odd": server}
		s.definition.Tools = []string{"odd.act"}
		if _, err := s.handle(t.Context(), 1); err == nil || err.Error() != want || !tasks.IsPermanent(err) {
			t.Errorf("error %v, want a permanent one: %s", err, want)
		}
	}
	s := newStudy(t, calling("odd.act"))
	s.servers = map[string]Server{"odd": oddProgram(t, t.TempDir())}
	s.definition.Tools = []string{"odd.atc"}
	if _, err := s.handle(t.Context(), 1); err == nil || err.Error() != `mcp server odd has no tool "atc": it has `+all || !tasks.IsPermanent(err) {
		t.Errorf("error %v, want a permanent one", err)
	}
}

func TestToolsThatAModelCouldNotTellApartAreRefused(t *testing.T) {
	long := "odd." + strings.Repeat("x", 61)
	for want, tools := range map[string][]string{
		`tools "a.b_c" and "a_b.c" are both "a_b_c" to a model: give the server of one another name, or leave it out`: {"a.b_c", "a_b.c"},
		`tools has "a.b" twice: leave one out`: {"a.b", "a.b"},
		fmt.Sprintf("tool %q: models take names of 64 characters at most, and this has 65: give the server a shorter one", long): {long},
		`approve names "a.c", which is none of the agent's tools: use some of a.b`:                                               nil,
	} {
		d := Definition{Runtime: "llm", Model: "main", Instructions: "x", Tools: tools}
		if tools == nil {
			d.Tools, d.Approve = []string{"a.b"}, []string{"a.c"}
		}
		s := newStudy(t, nil)
		s.servers = map[string]Server{"a": {URL: "http://127.0.0.1"}, "a_b": {URL: "http://127.0.0.1"}, "odd": {URL: "http://127.0.0.1"}}
		if err := s.runtime().Check(d); err == nil || err.Error() != want {
			t.Errorf("%v: error %v, want %q", tools, err, want)
		}
	}
}

func TestToolsThatHaveChangedAreDescribedAnewAndTheSameInEachAttempt(t *testing.T) {
	dir := t.TempDir()
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		switch turn(a) {
		case 1:
			return llmtest.Use("odd_change", `{}`)
		case 2:
			return llmtest.Use("odd_refuse", `{}`)
		}
		return llmtest.Say("well")
	})
	s.servers = map[string]Server{"odd": oddProgram(t, dir)}
	s.definition.Tools = []string{"odd.act", "odd.change", "odd.refuse"}
	for number := 1; number < 3; number++ { // the second attempt replays
		if brief, err := s.attempt(t.Context(), number); err != nil || brief.Text != "well" {
			t.Fatalf("attempt %d: %+v, %v", number, brief, err)
		}
	}
	asked := s.server.Asked()
	if len(asked) != 3 || fmt.Sprint(asked[0].Tools) != "[odd_act odd_change odd_refuse]" || fmt.Sprint(asked[1].Tools) != "[odd_act odd_change]" {
		t.Fatalf("%d requests, with the tools %v and %v", len(asked), asked[0].Tools, asked[1].Tools)
	}
	if !strings.Contains(asked[0].Body, "as before") || strings.Contains(asked[1].Body, "as before") || !strings.Contains(asked[1].Body, `"changed"`) {
		t.Errorf("the model is told, before and after:\n%s\n%s", asked[0].Body, asked[1].Body)
	}
	if body := asked[2].Body; !strings.Contains(body, `there is no tool`) || !strings.Contains(body, "you have odd_act, odd_change") {
		t.Errorf("the model is told of the tool that is gone:\n%s", body)
	}
	if got := noted(t, dir); got != "start change" {
		t.Errorf("it did %s", got)
	}
}
