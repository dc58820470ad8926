package monitor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/test/redistest"
)

func withUsers(t *testing.T) func(*Options) {
	return func(o *Options) {
		o.Users = []User{
			{Name: "rea", PasswordHash: cheapHash(t, "look"), Role: Reader},
			{Name: "otto", PasswordHash: cheapHash(t, "act"), Role: Operator},
			{Name: "mias", PasswordHash: cheapHash(t, "mine"), Role: Operator, Bound: "mia"},
			{Name: "evas", PasswordHash: cheapHash(t, "hers"), Role: Reader, Bound: "eva"},
		}
	}
}

func TestAccessFollowsCredentialsRoleAndOrigin(t *testing.T) {
	const pause, paused = "/asynqmon/api/queues/agents:pause", "asynq:{agents}:paused"
	crossSite := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	oldBrowser := http.Header{"Origin": {"https://elsewhere.example"}}
	tests := []struct {
		name           string
		method, path   string
		user, password string
		header         http.Header
		want           int
	}{
		{"nobody, front page", "GET", "/", "", "", nil, 401},
		{"nobody, style", "GET", "/style.css", "", "", nil, 401},
		{"nobody, docs", "GET", "/docs/manual", "", "", nil, 401},
		{"nobody, feed", "GET", "/docs/feed.atom", "", "", nil, 401},
		{"nobody, briefing", "GET", "/briefings/b1", "", "", nil, 401},
		{"nobody, schedule", "GET", "/schedule/", "", "", nil, 401},
		{"nobody, metrics", "GET", "/metrics", "", "", nil, 401},
		{"nobody, asynqmon", "GET", "/asynqmon/", "", "", nil, 401},
		{"nobody, asynqmon API", "GET", "/asynqmon/api/queues", "", "", nil, 401},
		{"nobody, missing page", "GET", "/nowhere", "", "", nil, 401},
		{"nobody, change", "POST", pause, "", "", nil, 401},
		{"nobody, health", "GET", "/healthz", "", "", nil, 200},
		{"nobody, ready", "GET", "/readyz", "", "", nil, 200},
		{"nobody, post to health", "POST", "/healthz", "", "", nil, 401},
		{"wrong password", "GET", "/", "rea", "act", nil, 401},
		{"empty password", "GET", "/", "rea", "", nil, 401},
		{"unknown user", "GET", "/", "eve", "look", nil, 401},
		{"reader, front page", "GET", "/", "rea", "look", nil, 200},
		{"reader, metrics", "GET", "/metrics", "rea", "look", nil, 200},
		{"reader, asynqmon", "GET", "/asynqmon/", "rea", "look", nil, 200},
		{"reader, asynqmon API", "GET", "/asynqmon/api/queues", "rea", "look", nil, 200},
		{"reader, change", "POST", pause, "rea", "look", nil, 403},
		{"reader, delete", "DELETE", "/asynqmon/api/queues/agents", "rea", "look", nil, 403},
		{"operator, change", "POST", pause, "otto", "act", nil, 204},
		{"operator, change from here", "POST", pause, "otto", "act", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 204},
		{"operator, change from another site", "POST", pause, "otto", "act", crossSite, 403},
		{"operator, change from another origin", "POST", pause, "otto", "act", oldBrowser, 403},
		{"bound, front page", "GET", "/", "mias", "mine", nil, 200},
		{"bound, docs", "GET", "/docs/manual", "mias", "mine", nil, 200},
		{"bound, metrics", "GET", "/metrics", "mias", "mine", nil, 403},
		{"bound, asynqmon", "GET", "/asynqmon/", "mias", "mine", nil, 403},
		{"bound, asynqmon API", "GET", "/asynqmon/api/queues", "mias", "mine", nil, 403},
		{"bound, change of a queue", "POST", pause, "mias", "mine", nil, 403},
		{"bound, own briefing", "GET", "/briefings/b1", "mias", "mine", nil, 200},
		{"bound reader, change", "POST", "/", "evas", "hers", nil, 403},
	}
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		h := newHandler(t, func(o *Options) {
			withUsers(t)(o)
			o.Client = client
		})
		client.SAdd(t.Context(), "asynq:queues", "agents")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				client.Del(t.Context(), paused)
				r := httptest.NewRequest(tt.method, "http://monitor.example"+tt.path, nil)
				for k, v := range tt.header {
					r.Header[k] = v
				}
				if tt.user != "" {
					r.SetBasicAuth(tt.user, tt.password)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != tt.want {
					t.Errorf("%s %s: status %d, want %d: %s", tt.method, tt.path, w.Code, tt.want, w.Body)
				}
				if asks := w.Header().Get("WWW-Authenticate") != ""; asks != (tt.want == 401) {
					t.Errorf("asks for credentials: %v with status %d", asks, w.Code)
				}
				if is := client.Exists(t.Context(), paused).Val() == 1; is != (tt.want == 204) {
					t.Errorf("queue paused: %v with status %d", is, w.Code)
				}
			})
		}
	})
}

func TestNoOriginIsInvited(t *testing.T) {
	h := newHandler(t, nil)
	for _, method := range []string{"GET", "OPTIONS"} {
		for _, path := range []string{"/", "/asynqmon/", "/asynqmon/api/queues", "/docs/feed.atom"} {
			r := httptest.NewRequest(method, "http://localhost"+path, nil)
			r.Header.Set("Origin", "https://elsewhere.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s answers with %s", method, path, name)
				}
			}
		}
	}
}

func TestReadersAreShownAReadOnlyConsole(t *testing.T) {
	h := newHandler(t, withUsers(t))
	for name, want := range map[string]string{"rea look": "true", "otto act": "false"} {
		user, password, _ := strings.Cut(name, " ")
		r := httptest.NewRequest(http.MethodGet, "http://monitor.example/asynqmon/schedulers", nil)
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `FLAG_READ_ONLY="`+want+`"`) {
			t.Errorf("%s: the console is not read-only=%s", user, want)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	h := newHandler(t, nil)
	ids := `{"task_ids":["` + strings.Repeat("x", 1<<20) + `"]}`
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/asynqmon/api/queues/agents/pending_tasks:batch_delete", strings.NewReader(ids)))
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "has more than 1048576 bytes") {
		t.Errorf("status %d %s, want 413 and the reason", w.Code, w.Body)
	}
}

func TestARefusedSignInIsLoggedWithoutWhatWasTyped(t *testing.T) {
	core, logged := observer.New(zap.DebugLevel)
	h := newHandler(t, func(o *Options) {
		withUsers(t)(o)
		o.Log = zap.New(core)
	})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("hunter2", "correct horse")
	h.ServeHTTP(httptest.NewRecorder(), r)
	lines := logged.All()
	if len(lines) != 1 {
		t.Fatalf("%d log lines, want 1", len(lines))
	}
	for _, f := range lines[0].Context {
		if strings.Contains(f.String, "hunter2") || strings.Contains(f.String, "horse") {
			t.Errorf("the log has %s=%q", f.Key, f.String)
		}
	}
}
