package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

// make has the caller use a token from now on, and returns its ID.
func (d *door) make(n tokens.New, scopes ...string) string {
	d.Helper()
	n.Name = "test"
	for _, text := range scopes {
		scope, err := tokens.ParseScope(text)
		if err != nil {
			d.Fatal(err)
		}
		n.Scopes = append(n.Scopes, scope)
	}
	text, t, err := d.system.MakeToken(d.Context(), n, audit.Actor{Name: "op", Via: audit.Command})
	if err != nil {
		d.Fatal(err)
	}
	d.token = text
	return t.ID
}

const some = `{"kind":"echo","payload":{"text":"a","user":"ada"},"id":"a"}`

func TestATokenMayDoWhatItsScopesSay(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.make(tokens.New{}, "tasks:send:echo", "tasks:read:echo")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
		d.want(http.StatusForbidden, d.do("POST", "/v1/tasks", `{"kind":"scrape_page","payload":{"url":"https://example.org/"}}`), "type=/problems/forbidden", "scope=tasks:send:scrape_page")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tasks/a/cancel", ""), "scope=tasks:cancel:echo")
		d.want(http.StatusForbidden, d.do("GET", "/v1/schedule", ""), "scope=schedule:read")
		d.want(http.StatusForbidden, d.do("PUT", "/v1/users/ada/brake", `{"on":true}`), "scope=brake:write")
		d.want(http.StatusForbidden, d.do("PATCH", "/v1/queues/default", `{"paused":true}`), "scope=queues:write")
		d.want(http.StatusForbidden, d.do("GET", "/v1/tasks/a/run", ""), "scope=runs:read")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks", ""), "items.0.id=a")
		d.make(tokens.New{}, "tasks:read:scrape_*")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/a", ""), `detail=there is no task "a"`)
		d.want(http.StatusOK, d.do("GET", "/v1/tasks", ""), "items=[]")
		d.make(tokens.New{}, "admin")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/a/cancel", ""), "state=cancelled", "last_error=cancelled by test (request from 127.0.0.1)")
	})
}

// TestAUsersTokenLearnsNothingOfOthers asks for another user's things in every way.
func TestAUsersTokenLearnsNothingOfOthers(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/adas", `{"spec":"@daily","kind":"echo","payload":{"text":"x","user":"ada"},"owner":"ada"}`))
		d.make(tokens.New{User: "eve"}, "tasks:send", "tasks:read", "tasks:cancel", "schedule:read", "schedule:write", "brake:read", "brake:write", "users:read", "users:write", "usage:read", "runs:read", "runs:decide", "queues:read")
		const gone = "type=/problems/not-found"
		for _, r := range [][3]string{
			{"GET", "/v1/tasks/a", ""}, {"GET", "/v1/tasks/a/result", ""}, {"GET", "/v1/tasks/a/events", ""}, {"GET", "/v1/tasks/a/run", ""},
			{"POST", "/v1/tasks/a/cancel", ""}, {"POST", "/v1/tasks/a/run", ""}, {"POST", "/v1/tasks/a/replay", ""}, {"DELETE", "/v1/tasks/a", ""},
			{"POST", "/v1/tasks/a/decisions", `{"step":"x","decision":"approve"}`}, {"GET", "/v1/tasks?user=ada", ""}, {"GET", "/v1/users/ada", ""},
			{"PUT", "/v1/users/ada", `{"topics":["x"]}`}, {"DELETE", "/v1/users/ada", ""}, {"GET", "/v1/users/ada/usage", ""}, {"GET", "/v1/users/ada/brake", ""},
			{"PUT", "/v1/users/ada/brake", `{"on":true}`}, {"PUT", "/v1/users/*/brake", `{"on":true}`}, {"GET", "/v1/brakes", ""}, {"GET", "/v1/users/ada/events", ""},
			{"GET", "/v1/schedule/adas", ""}, {"PATCH", "/v1/schedule/adas", `{"paused":true}`}, {"DELETE", "/v1/schedule/adas", ""}, {"POST", "/v1/schedule/adas/run", ""},
		} {
			if a := d.want(http.StatusNotFound, d.do(r[0], r[1], r[2]), gone); strings.Contains(a.body, "@daily") || a.status != http.StatusNotFound {
				d.Errorf("%s %s tells %s", r[0], r[1], a.body)
			}
		}
		for path, want := range map[string]string{"/v1/tasks": "items=[]", "/v1/users": "", "/v1/schedule": "items=[]"} {
			a := d.want(http.StatusOK, d.do("GET", path, ""))
			if field, value, _ := strings.Cut(want, "="); want != "" && a.field(field) != value {
				d.Errorf("%s: %s", path, a.body)
			}
		}
		// Nor can it act for others, or in their name.
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"x","user":"ada"}}`), "errors.0.pointer=/payload/user")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`), "errors.0.pointer=/payload/user")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":[`+some+`]}`), "refused=1", "items.0.problem.errors.0.pointer=/items/0/payload/user")
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a","user":"eve"},"id":"a"}`), "type=/problems/id-taken")
		d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/schedule/mine", `{"spec":"@daily","kind":"echo","payload":{"text":"x","user":"ada"},"owner":"eve"}`), "errors.0.pointer=/owner")
		d.want(http.StatusConflict, d.do("PUT", "/v1/schedule/adas", `{"spec":"@daily","kind":"echo","payload":{"text":"x","user":"eve"},"owner":"eve"}`), "type=/problems/id-taken")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"x","user":"eve"},"id":"mine"}`))
		d.want(http.StatusOK, d.do("GET", "/v1/tasks", ""), "items.0.id=mine")
	})
}

func TestATokenThatIsNotValidLetsNobodyIn(t *testing.T) {
	onEach(t, false, func(d *door) {
		id := d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks", ""))
		good := d.token
		d.token = good[:len(good)-1] + "x"
		if good == d.token {
			d.token = good[:len(good)-1] + "y"
		}
		a := d.want(http.StatusUnauthorized, d.do("GET", "/v1/tasks", ""), "type=/problems/unauthenticated")
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") || strings.Contains(a.body, d.token) {
			d.Errorf("%v: %s", a.header, a.body)
		}
		d.token = good
		if _, err := d.system.RevokeToken(d.Context(), id, audit.Actor{Name: "op", Via: audit.Command}); err != nil {
			d.Fatal(err)
		}
		d.want(http.StatusUnauthorized, d.do("GET", "/v1/tasks", ""))
		// Whoever guesses is slowed down.
		d.token = "sy_aaaaaaaaaaaa_nothing"
		limited := false
		for range 20 {
			a := d.do("GET", "/v1/tasks", "")
			limited = limited || a.status == http.StatusTooManyRequests && a.field("type") == "/problems/rate-limited" && a.header.Get("Retry-After") != ""
		}
		if !limited {
			d.Error("twenty guesses were answered at once")
		}
	})
}

func TestAChildTokenIsForABrowser(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"b"},"id":"b"}`))
		d.make(tokens.New{}, "tasks:read", "tokens:write")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", `{"scopes":["tasks:read"],"expires_in":"15m"}`), "type=/problems/forbidden")
		d.make(tokens.New{Expires: time.Hour}, "tasks:read", "tokens:make")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", `{"scopes":["tasks:send"],"expires_in":"15m"}`), "type=/problems/forbidden")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tokens", `{"scopes":["everything"],"expires_in":"15m"}`), "errors.0.pointer=/scopes/0")
		for _, span := range []string{`,"expires_in":"48h"`, ""} {
			d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tokens", `{"scopes":["tasks:read"]`+span+`}`), "errors.0.pointer=/expires_in")
		}
		child := d.want(http.StatusCreated, d.do("POST", "/v1/tokens", `{"scopes":["tasks:read"],"tasks":["a"],"expires_in":"15m"}`), "scopes.0=tasks:read", "tasks.0=a")
		d.token = child.field("token")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "id=a")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/b", ""))
		d.want(http.StatusForbidden, d.do("POST", "/v1/tokens", `{"scopes":["tasks:read"],"expires_in":"15m"}`))
	})
}
