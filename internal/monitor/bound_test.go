package monitor

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"switchyard/internal/api"
	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

// getAs asks for a page as a user of [withUsers].
func getAs(h http.Handler, name, password, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://monitor.example"+path, nil)
	r.RemoteAddr = "192.0.2.7:4711"
	r.SetBasicAuth(name, password)
	h.ServeHTTP(w, r)
	return w
}

func TestABoundSignInIsRefusedWhatIsAboutAll(t *testing.T) {
	h := newHandler(t, withUsers(t))
	for _, path := range []string{"/metrics", "/asynqmon/", "/asynqmon/api/queues"} {
		w := getAs(h, "mias", "mine", path)
		if w.Code != http.StatusForbidden || w.Body.String() != "This page is about all users, and your sign-in is for the user \"mia\" alone: sign in with one that is for all.\n" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestTheGateSaysWhoAsksAndByWhichWay(t *testing.T) {
	accounts, err := readUsers([]User{
		{"rea", cheapHash(t, "look"), Reader, ""}, {"otto", cheapHash(t, "act"), Operator, ""}, {"mias", cheapHash(t, "mine"), Operator, "mia"},
	})
	if err != nil {
		t.Fatal(err)
	}
	g := gate{signIn: newSignIn(accounts), guesses: newSources()}
	var asks *api.Caller
	note := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asks = api.CallerOf(r.Context()) })
	for way, behind := range map[audit.Via]http.Handler{audit.Page: g.guard(note), audit.Request: g.guardAPI(nil, note)} {
		for _, tt := range []struct {
			name, password, user string
			may, mayNot          []tokens.Action
		}{
			{"rea", "look", "", forReaders, []tokens.Action{tokens.TasksSend, tokens.BrakeWrite, tokens.Admin}},
			{"otto", "act", "", tokens.Actions, nil},
			{"mias", "mine", "mia", []tokens.Action{tokens.TasksSend, tokens.BrakeWrite, tokens.UsersWrite}, []tokens.Action{tokens.QueuesRead, tokens.QueuesWrite, tokens.Admin}},
		} {
			getAs(behind, tt.name, tt.password, "/")
			if asks == nil || asks.ID != "user:"+tt.name || asks.Name != tt.name || asks.From != "192.0.2.7" || asks.User != tt.user || asks.Via != way || asks.Token != nil {
				t.Fatalf("by %s %s is %+v", way, tt.name, asks)
			}
			for _, action := range tt.may {
				if !asks.May(action, "") {
					t.Errorf("%s may not %s", tt.name, action)
				}
			}
			for _, action := range tt.mayNot {
				if asks.May(action, "") {
					t.Errorf("%s may %s", tt.name, action)
				}
			}
		}
	}
	if nobody := api.CallerOf(t.Context()); nobody.May(tokens.TasksRead, "") {
		t.Error("a request that is not behind the gate may read tasks")
	}
}
