package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchyard/internal/llm/llmtest"
	"switchyard/internal/tasks"
)

func TestWhatAResultHoldsReachesTheModel(t *testing.T) {
	server := oddProgram(t, t.TempDir())
	for tool, want := range map[string]string{
		"act":        "done 1\n",
		"resource":   "resource file:///a:\nin the file\n(the resource file:///b, image/png of 3 bytes, no text)\n(an image, image/png of 3 bytes)\n(a sound, audio/wav of 3 bytes)\n",
		"link":       "(a link to the resource c at file:///c: the third)\n",
		"structured": `{"degrees":21}` + "\n",
	} {
		if text, err := callOf(t, server, nil, tool); text != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tool, text, err, want)
		}
	}
}

func TestAServerThatLeavesDiscoverWithoutAnAnswerWorks(t *testing.T) {
	old := oddProgram(t, t.TempDir(), "old")
	began := time.Now()
	if text, err := callOf(t, old, nil, "act"); text != "done 1\n" || err != nil {
		t.Errorf("a program: %q, %v", text, err)
	}
	if took := time.Since(began); took < discoverFor || took > discoverFor+10*time.Second {
		t.Errorf("it took %s, want %s and what a program takes", took, discoverFor)
	}
	service, server := oddService(t, t.TempDir(), func(w http.ResponseWriter, m message) { m.result(w, said("yes")) })
	handler := service.Config.Handler
	service.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if method, _ := readMethod(r); method == methodDiscover {
			<-r.Context().Done()
			return
		}
		handler.ServeHTTP(w, r)
	})
	if text, err := callOf(t, server, nil, "act"); text != "yes\n" || err != nil {
		t.Errorf("a service: %q, %v", text, err)
	}
}

// readMethod returns the method of a message that a service gets, and leaves the body to be
// read again.
func readMethod(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	var m message
	if len(body) > 0 && err == nil {
		err = json.Unmarshal(body, &m)
	}
	return m.Method, err
}

func TestAServerOfTodayThatIsSlowToStartIsAskedAgain(t *testing.T) {
	asked := 0
	service, server := oddService(t, t.TempDir(), func(w http.ResponseWriter, m message) { m.result(w, said("yes")) })
	handler := service.Config.Handler
	service.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		var m message
		_ = json.Unmarshal(body, &m)
		w.Header().Set("Content-Type", "application/json")
		switch m.Method {
		case methodDiscover:
			if asked++; asked == 1 {
				<-r.Context().Done()
				return
			}
			m.result(w, `{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}`)
		case "initialize":
			m.fault(w, -32601, "initialize is no more")
		default:
			handler.ServeHTTP(w, r)
		}
	})
	if text, err := callOf(t, server, nil, "act"); text != "yes\n" || err != nil || asked != 2 {
		t.Errorf("%q, %v after it was asked %d times", text, err, asked)
	}
}

func TestAListWithoutEndIsSaid(t *testing.T) {
	for flag, want := range map[string]string{
		"circling": `its list goes round in circles: the page "two" comes after itself`,
		"endless":  "its list has more than 100 pages",
		"doubled":  `it lists "act" twice: nobody knows which of them would be called`,
	} {
		_, err := askOdd(t, oddProgram(t, t.TempDir(), flag))
		if err == nil || err.Error() != "mcp server odd: list tools: "+want {
			t.Errorf("%s: error %v, want %q", flag, err, want)
		}
	}
}

// askOdd asks a server for its tool act.
func askOdd(t *testing.T, server Server) (described, error) {
	t.Helper()
	v := newVisit(t.Context(), map[string]Server{"odd": server}, &http.Client{Transport: &http.Transport{}})
	defer v.close()
	return v.tool("odd.act").ask(t.Context())
}

func TestLinesThatAreNoMessagesAreSkippedUpToABound(t *testing.T) {
	if text, err := callOf(t, oddProgram(t, t.TempDir(), "banner"), nil, "act"); text != "done 1\n" || err != nil {
		t.Errorf("with a banner: %q, %v", text, err)
	}
	_, err := askOdd(t, oddProgram(t, t.TempDir(), "noisy"))
	for _, want := range []string{"it has written more than 65536 bytes to its standard output that are no messages", `the first is "loading ..."`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestAProgramThatDoesNotReadHasSurelyNotDoneWhatItWasNotTold(t *testing.T) {
	dir := t.TempDir()
	v := newVisit(t.Context(), map[string]Server{"odd": oddProgram(t, dir, "deaf")}, nil)
	defer v.close()
	if _, err := v.tool("odd.act").ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // for what fits into the pipe
	defer cancel()
	large := fmt.Sprintf(`{"to":%q}`, strings.Repeat("bob", 1<<17))
	if _, err := v.tool("odd.act").Call(ctx, Run{}, "1", json.RawMessage(large)); outcome(err) != "unsent" || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("%s (%v), want it unsent", outcome(err), err)
	}
	t.Setenv(oddVariable, "") // the next one reads
	if text, err := v.tool("odd.act").Call(t.Context(), Run{}, "2", json.RawMessage(`{}`)); text != "done 1\n" || err != nil {
		t.Errorf("the next call: %q, %v; want it made by another program, not on half a line", text, err)
	}
	if got := noted(t, dir); got != "start start act" {
		t.Errorf("it did %s", got)
	}
}

func TestARefusedCallCostsNoSessionAndTellsNoSecretOfTheURL(t *testing.T) {
	dir, times := t.TempDir(), 0
	_, server := oddService(t, dir, func(w http.ResponseWriter, m message) {
		if times++; times < 4 {
			http.Error(w, "no", []int{401, 413, 502}[times-1])
			return
		}
		m.result(w, said("yes"))
	})
	server.URL += "/?key=open-sesame"
	v := newVisit(t.Context(), map[string]Server{"odd": server}, &http.Client{Transport: &http.Transport{}})
	defer v.close()
	for _, want := range []string{"answers 401", "answers 413", "answers 502", ""} {
		_, err := v.tool("odd.act").Call(t.Context(), Run{}, "1", json.RawMessage(`{}`))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame")) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if got := noted(t, dir); got != "start act act act act" {
		t.Errorf("it did %s", got)
	}
}

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
		if err := d.checkModel(s.runtime()); err == nil || err.Error() != want {
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
