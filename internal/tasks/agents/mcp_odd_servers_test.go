package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
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
	var asked atomic.Int32 // the request that is given up may still be at it
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
			if asked.Add(1) == 1 {
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
	if text, err := callOf(t, server, nil, "act"); text != "yes\n" || err != nil || asked.Load() != 2 {
		t.Errorf("%q, %v after it was asked %d times", text, err, asked.Load())
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

var hostPort = regexp.MustCompile(`\b[0-9]+(?:\.[0-9]+){3}:[0-9]+`)

// placeless returns an error's text with HOST for what differs from run to run.
func placeless(err error) string { return hostPort.ReplaceAllString(fmt.Sprint(err), "HOST") }

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
	for _, want := range []string{"it has written more than 65536 bytes to its standard output that are no messages", `its standard output has lines that are no messages, the first is "loading ..."`} {
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
	if _, err := v.tool("odd.act").Call(ctx, Run{}, "1", json.RawMessage(large)); outcome(err) != "unsent" || fmt.Sprint(err) != "mcp server odd: not called: context deadline exceeded" {
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
	const rejected = `mcp server odd: calling "tools/call": sending "tools/call": rejected by transport: Post "http://HOST/?(hidden)": `
	for _, want := range []string{rejected + `the server answers 401: "no\n"`, rejected + `the server answers 413: "no\n"`, rejected + `the server answers 502: "no\n"`, "<nil>"} {
		_, err := v.tool("odd.act").Call(t.Context(), Run{}, "1", json.RawMessage(`{}`))
		if placeless(err) != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if got := noted(t, dir); got != "start act act act act" {
		t.Errorf("it did %s", got)
	}
}
