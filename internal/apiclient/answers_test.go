package apiclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"switchyard/internal/api"
	"switchyard/internal/events"
	"switchyard/internal/tasks"
)

func TestAProblemOfOneValueNamesItsPlace(t *testing.T) {
	_, c := serve(t, refuses(api.Problem{
		Type: "/problems/invalid", Status: http.StatusUnprocessableEntity, Detail: "expected a duration", Errors: []api.Fault{{Pointer: "/unique", Detail: "expected a duration", Value: "-5m0s"}},
	}))
	_, err := c.Send(t.Context(), scout, 0, tasks.Options{})
	if want := `/unique is "-5m0s": expected a duration`; err == nil || err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestAProblemIsToldWithEachPlaceAndNothingThatATerminalObeys(t *testing.T) {
	_, c := serve(t, refuses(api.Problem{
		Type: "/problems/invalid", Status: http.StatusUnprocessableEntity, Detail: "scrape_page: /payload/url: expected string\x1b[2J",
		Errors: []api.Fault{{Pointer: "/payload/url", Detail: "expected string", Value: 1}, {Pointer: "/payload/depth", Detail: "at least 1", Value: 0}},
	}))
	_, err := c.Send(t.Context(), scout, 0, tasks.Options{})
	if want := "scrape_page: /payload/url: expected string�[2J\n/payload/depth is 0: at least 1"; err == nil || err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// TestWhatIsNotTheAPIIsToldFromIt has others answer in its place.
func TestWhatIsNotTheAPIIsToldFromIt(t *testing.T) {
	for name, test := range map[string]struct {
		answer    http.HandlerFunc
		temporary bool
		want      string
	}{
		"a proxy with nobody behind it": {page(http.StatusBadGateway, "<h1>502</h1>"), true, "answers Bad Gateway, which is not from the HTTP API: something before it cannot reach it: try again later"},
		"another site":                  {page(http.StatusOK, "<h1>Welcome</h1>"), false, `the answer is "text/html" and not JSON: see whether that is the address of the monitor`},
		"another site's 404":            {page(http.StatusNotFound, "<h1>404</h1>"), false, "answers 404 and no problem of the HTTP API"},
		"another API's problem":         {refuses(api.Problem{Type: "about:blank", Status: http.StatusNotFound, Detail: "nope"}), false, "answers 404 and no problem of the HTTP API"},
		"half an answer":                {says(http.StatusOK, "text"), false, "the answer is not what the HTTP API says"},
	} {
		t.Run(name, func(t *testing.T) {
			_, c := serve(t, test.answer)
			_, err := c.Sizes(t.Context())
			var answered *AnswerError
			if !errors.As(err, &answered) || answered.Problem != nil || answered.Temporary() != test.temporary || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestNobodyThereIsToldWithWhatToDo(t *testing.T) {
	s, c := serve(t, cut)
	s.Close()
	_, err := c.Sizes(t.Context())
	var away *UnreachableError
	if !errors.As(err, &away) || !away.Temporary() || !strings.HasPrefix(err.Error(), s.URL+" does not answer: ") || strings.Contains(err.Error(), token) {
		t.Errorf("%v", err)
	}
	site := httptest.NewTLSServer(says(http.StatusOK, []api.Queue{}))
	defer site.Close()
	site.Config.ErrorLog = nil
	for url, want := range map[string]string{site.URL: " is not trusted: ", strings.Replace(s.URL, "http:", "https:", 1): " does not answer: "} {
		other, err := New(Options{URL: url, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = other.Sizes(t.Context()); !errors.As(err, &away) || away.Temporary() != (want == " does not answer: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
		other.Close()
	}
}

// TestADuplicateIsOneThatWasThereBefore sends tasks with and without an ID.
func TestADuplicateIsOneThatWasThereBefore(t *testing.T) {
	mine := func(status int, id string, replayed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if replayed {
				w.Header().Set("Idempotency-Replayed", "true")
			}
			says(status, api.Task{ID: id, Kind: "agent_scout", Queue: "agents"})(w, r)
		}
	}
	taken := refuses(api.Problem{Type: "/problems/id-taken", Status: http.StatusConflict, Task: "/v1/tasks/mine?queue=agents"})
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		id     string
		want   bool
	}{
		"new":                            {mine(http.StatusCreated, "mine", false), "mine", false},
		"the same again":                 {mine(http.StatusOK, "mine", true), "mine", true},
		"another one under the ID":       {taken, "mine", true},
		"a unique one with another's ID": {mine(http.StatusOK, "mine", true), "", true},
	} {
		_, c := serve(t, test.answer)
		r, err := c.Send(t.Context(), scout, 0, tasks.Options{ID: test.id})
		if want := (tasks.Receipt{ID: "mine", Kind: "agent_scout", Queue: "agents", Duplicate: test.want}); err != nil || r != want {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestAStreamGoesOnWhereItWasCutOff(t *testing.T) {
	tell := func(numbers ...int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for _, n := range numbers {
				_, _ = fmt.Fprintf(w, "id: %d\nevent: told\ndata: {\"seq\":%d}\n\n: keep-alive\n\n", n, n)
			}
			_, _ = io.WriteString(w, "id: 99\nevent: cut")
		}
	}
	s, c := serve(t, tell(8, 9), cut, tell(10))
	enough := errors.New("enough")
	var got []string
	err := c.Follow(t.Context(), "ada", 7, func(e events.Event) error {
		if got = append(got, e.JSON); e.Seq == 10 {
			return enough
		}
		return nil
	})
	if want := `{"seq":8} {"seq":9} {"seq":10}`; !errors.Is(err, enough) || strings.Join(got, " ") != want {
		t.Errorf("%v, %v", got, err)
	}
	asked := s.asked()
	if len(asked) != 3 || asked[0].last != "7" || asked[1].last != "9" || asked[2].last != "9" {
		t.Errorf("asked %+v", asked)
	}
}

func TestAStreamOfSomethingElseEnds(t *testing.T) {
	for _, stream := range []string{"id: 1\ndata: \x1b[2J\n\n", "id: one\ndata: {}\n\n"} {
		_, c := serve(t, page(http.StatusOK, stream))
		err := c.Follow(t.Context(), "ada", 0, func(e events.Event) error { t.Errorf("told %q", e.JSON); return nil })
		if err == nil || !strings.HasSuffix(err.Error(), ": see whether that is the address of the monitor") {
			t.Errorf("%q: %v", stream, err)
		}
	}
}

func TestAStreamThatIsRefusedEnds(t *testing.T) {
	s, c := serve(t, refuses(api.Problem{Type: "/problems/forbidden", Status: http.StatusForbidden, Detail: "the scope brake:read is missing"}))
	err := c.Follow(t.Context(), "ada", 0, func(events.Event) error { return nil })
	if err == nil || err.Error() != "the scope brake:read is missing" || len(s.asked()) != 1 {
		t.Errorf("%v", err)
	}
}
