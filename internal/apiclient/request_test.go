package apiclient

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/api"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

var (
	away  = api.Problem{Type: "/problems/unavailable", Status: http.StatusServiceUnavailable, Detail: "redis is away"}
	scout = tasks.Raw{Name: "agent_scout", Payload: []byte(`{"user":"ada"}`)}
)

// TestASendIsRepeatedAsTheSameRequest fails it in each way that may pass.
func TestASendIsRepeatedAsTheSameRequest(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{"no answer": cut, "unavailable": refuses(away), "a proxy's page": page(http.StatusBadGateway, "<html>")} {
		t.Run(name, func(t *testing.T) {
			echo := func(w http.ResponseWriter, r *http.Request) {
				says(http.StatusOK, api.Task{ID: "mine", Kind: "agent_scout", Queue: "agents"})(w, r)
			}
			s, c := serve(t, first, echo)
			r, err := c.Send(t.Context(), scout, 0, tasks.Options{ID: "mine"})
			if err != nil || r != (tasks.Receipt{ID: "mine", Kind: "agent_scout", Queue: "agents"}) {
				t.Fatalf("%+v, %v", r, err)
			}
			got := s.asked()
			if len(got) != 2 || got[0] != got[1] || got[0].key == "" || got[0].token != "Bearer "+token {
				t.Errorf("asked %+v", got)
			}
		})
	}
}

// TestWhatChangesSomethingIsAskedOnce has each such request fail in a way that may pass.
func TestWhatChangesSomethingIsAskedOnce(t *testing.T) {
	one, e := []tasks.Name{{Queue: "agents", ID: "one"}}, schedule.Entry{ID: "e"}
	for name, do := range map[string]func(ctx context.Context, c *Client) error{
		"cancel": func(ctx context.Context, c *Client) error { _, err := c.CancelTasks(ctx, one, ""); return err },
		"run":    func(ctx context.Context, c *Client) error { _, err := c.RunTasks(ctx, one); return err },
		"replay": func(ctx context.Context, c *Client) error { _, err := c.ReplayTasks(ctx, one); return err },
		"pause":  func(ctx context.Context, c *Client) error { _, err := c.Pause(ctx, "ada"); return err },
		"queue":  func(ctx context.Context, c *Client) error { _, err := c.PauseQueue(ctx, "agents", true); return err },
		"put":    func(ctx context.Context, c *Client) error { _, err := c.PutEntry(ctx, e, true); return err },
		"remove": func(ctx context.Context, c *Client) error { return c.RemoveEntry(ctx, "e") },
		"tick":   func(ctx context.Context, c *Client) error { _, err := c.RunEntry(ctx, "e"); return err },
		"forget": func(ctx context.Context, c *Client) error { return c.RemoveUser(ctx, "ada") },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := serve(t, refuses(away), says(http.StatusOK, map[string]any{}))
			err := do(t.Context(), c)
			var answered *AnswerError
			if !errors.As(err, &answered) || !answered.Temporary() || err.Error() != "redis is away" || len(s.asked()) != 1 {
				t.Errorf("%v after %+v", err, s.asked())
			}
		})
	}
}

func TestAQuestionIsGivenUpAfterThreeTries(t *testing.T) {
	s, c := serve(t, refuses(away))
	_, err := c.Sizes(t.Context())
	if err == nil || err.Error() != "redis is away" || len(s.asked()) != tries {
		t.Errorf("%v after %d tries", err, len(s.asked()))
	}
}

func TestWhoeverInterruptsARequestIsToldJustThat(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("interrupted")
	_, c := serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(stop); <-r.Context().Done() })
	if _, err := c.Sizes(ctx); err == nil || err.Error() != "interrupted" {
		t.Errorf("%v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	other, _ := serve(t, says(http.StatusOK, []api.Queue{}))
	s, c := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	_, err := c.Sizes(t.Context())
	if want := s.URL + ` sends requests on to "` + other.URL + `": give the address that answers`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(other.asked()) != 0 {
		t.Errorf("the other one got %+v", other.asked())
	}
}

func TestNoIDLeavesItsPlaceInTheAddress(t *testing.T) {
	s, c := serve(t, says(http.StatusOK, api.Task{}))
	for _, id := range []string{"..", ".", "a b?x=1#y", "agents/../x"} {
		if _, err := c.Find(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	want := []string{"/v1/tasks/%2E%2E", "/v1/tasks/%2E", "/v1/tasks/a%20b%3Fx=1%23y", "/v1/tasks/..%2Fx?queue=agents"}
	for i, a := range s.asked() {
		if a.path != want[i] {
			t.Errorf("asked %s, want %s", a.path, want[i])
		}
	}
}

func TestATokenNeverGoesOverANetworkInTheClear(t *testing.T) {
	for url, want := range map[string]string{
		"http://tasks.example.org":          "would carry the token over the network in the clear: use https",
		"http://10.0.0.1:8080":              "in the clear",
		"http://localhost.example.org":      "in the clear",
		"https://tasks.example.org":         "",
		"https://tasks.example.org/sub/v1/": "",
		"http://127.0.0.1:8080":             "",
		"http://[::1]:8080/":                "",
		"http://LOCALHOST:8080":             "",
		"tasks.example.org":                 "is no address of the HTTP API: give one such as https://",
		"ftp://tasks.example.org":           "is no address",
		"https://ada:pass-9Xq2@example.org": "has a user in it",
		"https://example.org/?token=x":      "has more than an address",
	} {
		_, err := New(Options{URL: url, Token: token})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass-9Xq2") || strings.Contains(err.Error(), token)) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	if _, err := New(Options{URL: "http://tasks.example.org"}); err != nil {
		t.Errorf("without a token: %v", err)
	}
	for _, bad := range []string{token + "\n", "a b", token + "ä", strings.Repeat("x", 5000)} {
		if _, err := New(Options{URL: "https://example.org", Token: bad}); err == nil || len(bad) > 10 && strings.Contains(err.Error(), bad[:10]) {
			t.Errorf("a token of %d bytes: %v", len(bad), err)
		}
	}
}
