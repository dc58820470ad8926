package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"switchyard/internal/config"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/redistest"
)

// withSignIns has a reader, an operator, and one of each who is bound to ada.
func withSignIns(t *testing.T) func(*config.Config) {
	return func(c *config.Config) {
		for _, u := range []struct{ name, role, user string }{{"rea", "reader", ""}, {"otto", "operator", ""}, {"adas", "operator", "ada"}, {"adar", "reader", "ada"}} {
			signIn := config.MonitorUser{Name: u.name, Role: u.role, PasswordHash: config.Secret(hash(t, "secret of "+u.name))}
			if u.user != "" {
				signIn.User = &u.user
			}
			c.Monitor.Users = append(c.Monitor.Users, signIn)
		}
	}
}

// post sends a form as somebody, and returns the status and where it leads.
func (s *site) post(path, name string, form url.Values, headers ...string) (status int, leads string) {
	s.Helper()
	r := httptest.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	r.RequestURI = ""
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, h := range headers {
		key, value, _ := strings.Cut(h, ": ")
		r.Header.Set(key, value)
	}
	if name != "" {
		r.SetBasicAuth(name, "secret of "+name)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

func TestWhoMaySeeAndDoWhat(t *testing.T) { onEach(t, mayAndMayNot) }

func mayAndMayNot(t *testing.T, redis string) {
	s := open(t, redis, withSignIns(t))
	for _, user := range []string{"ada", "bob"} {
		s.send(agents.Args{Agent: "secretary", User: user}, tasks.Options{ID: "run-" + user})
		s.await("agents", "run-"+user, tasks.StateParked)
		s.send(chore{User: user, Fail: "private to " + user}, tasks.Options{ID: "chore-" + user})
		s.await("default", "chore-"+user, tasks.StateFailed)
	}
	for path, want := range map[string][5]int{ // nobody, reader, operator, operator of ada, reader of ada
		"/":                        {401, 200, 200, 200, 200},
		"/tasks/":                  {401, 200, 200, 200, 200},
		"/tasks/default/chore-ada": {401, 200, 200, 200, 200},
		"/tasks/default/chore-bob": {401, 200, 200, 404, 404},
		"/runs/":                   {401, 200, 200, 200, 200},
		"/decisions/":              {401, 200, 200, 200, 200},
		"/users/":                  {401, 200, 200, 303, 303},
		"/users/ada":               {401, 200, 200, 200, 200},
		"/users/bob":               {401, 200, 200, 404, 404},
		"/users/*":                 {401, 200, 200, 404, 404},
		"/schedule/":               {401, 200, 200, 200, 200},
		"/audit/":                  {401, 200, 200, 200, 200},
		"/tokens/":                 {401, 403, 200, 200, 403},
		"/asynqmon/":               {401, 200, 200, 403, 403},
		"/metrics":                 {401, 200, 200, 403, 403},
		"/console.css":             {401, 200, 200, 200, 200},
	} {
		for i, name := range []string{"", "rea", "otto", "adas", "adar"} {
			status, body := s.get(path, name, "secret of "+name)
			if status != want[i] {
				t.Errorf("%s for %q: status %d, want %d", path, name, status, want[i])
			}
			if i > 2 && (strings.Contains(body, "private to bob") || strings.Contains(body, "run-bob")) {
				t.Errorf("%s tells %s of what is bob's", path, name)
			}
			if i == 1 && strings.Contains(body, `method="post"`) && path != "/tasks/" {
				t.Errorf("%s offers a reader to change something", path)
			}
		}
	}
	for _, act := range []struct {
		path, name string
		form       url.Values
		want       int
	}{
		{"/tasks/default/chore-bob/delete", "", nil, 401},
		{"/tasks/default/chore-bob/delete", "rea", nil, 403},
		{"/tasks/default/chore-bob/delete", "adas", nil, 404},
		{"/tasks/default/chore-ada/delete", "adar", nil, 403},
		{"/users/bob/pause", "adas", nil, 404},
		{"/users/*/pause", "adas", nil, 404},
		{"/queues/agents/pause", "adas", nil, 403},
		{"/tasks/agents/run-bob/decide", "adas", url.Values{"step": {"tool 1.1 enqueue"}, "decision": {"approve"}}, 404},
		{"/tasks/bulk", "adas", url.Values{"verb": {"delete"}, "user": {"bob"}}, 404},
		{"/tokens/", "adas", url.Values{"name": {"x"}, "scope": {"admin"}}, 403},
		{"/tasks/default/chore-ada/delete", "adas", nil, 303},
		{"/users/ada/pause", "adas", nil, 200},
		{"/tasks/default/chore-bob/delete", "otto", nil, 303},
	} {
		if status, _ := s.post(act.path, act.name, act.form); status != act.want {
			t.Errorf("%s by %q: status %d, want %d", act.path, act.name, status, act.want)
		}
	}
	s.await("agents", "run-bob", tasks.StateParked)
}

func TestAPageOfAnotherSiteChangesNothing(t *testing.T) {
	s := open(t, "redis://"+redistest.Server(t).Addr, withSignIns(t))
	s.send(chore{Fail: "broken"}, tasks.Options{ID: "t1"})
	s.await("default", "t1", tasks.StateFailed)
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Origin: https://elsewhere.example"} {
		for _, path := range []string{"/tasks/default/t1/delete", "/tasks/bulk", "/users/ada/pause", "/queues/default/pause", "/schedule/new", "/tokens/"} {
			if status, _ := s.post(path, "otto", url.Values{"verb": {"delete"}, "name": {"default/t1"}}, header); status != http.StatusForbidden {
				t.Errorf("%s with %s: status %d, want 403", path, header, status)
			}
		}
	}
	s.await("default", "t1", tasks.StateFailed)
}

func TestNoPageAllowsScriptsOrFormsOfOthers(t *testing.T) {
	s := open(t, "redis://"+redistest.Mini(t).Addr())
	s.furnish("text")
	for name, path := range pages("text") {
		res, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
		if got := res.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: the policy is %q", name, got)
		}
	}
}

func TestAFormThatIsSentTwiceDoesItOnce(t *testing.T) { onEach(t, sentTwice) }

func sentTwice(t *testing.T, redis string) {
	s := open(t, redis)
	s.send(chore{Text: "x"}, tasks.Options{ID: "done"})
	s.await("default", "done", tasks.StateSucceeded)
	form := url.Values{"key": {"a key of the page"}}
	_, first := s.post("/tasks/default/done/replay", "", form)
	_, second := s.post("/tasks/default/done/replay", "", form)
	if first != second || !strings.HasPrefix(first, "/tasks/default/") {
		t.Errorf("sent as %q, and again as %q", first, second)
	}
	form = url.Values{"verb": {"replay"}, "name": {"default/done"}, "key": {"another one"}}
	for range 2 {
		if status, leads := s.post("/tasks/bulk", "", form); status != http.StatusSeeOther || !strings.Contains(leads, "n=1") {
			t.Errorf("status %d, leads to %q", status, leads)
		}
	}
	if all, err := s.system.Queue.List(t.Context(), tasks.Filter{Kind: "chore"}, 10, ""); err != nil || len(all.Tasks) != 3 {
		t.Errorf("%d tasks, %v; want the first, and one for each form", len(all.Tasks), err)
	}
}
