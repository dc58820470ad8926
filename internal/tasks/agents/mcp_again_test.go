package agents

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestAProgramThatHasEndedIsStartedAgainForTheNextCall(t *testing.T) {
	dir := t.TempDir()
	v := newVisit(t.Context(), map[string]Server{"odd": oddProgram(t, dir)}, nil)
	defer v.close()
	for tool, want := range map[string]string{"leave": "bye\n", "act": "done 1\n"} {
		_ = tool
		_ = want
	}
	for _, tc := range []struct{ tool, want string }{{"leave", "bye\n"}, {"act", "done 1\n"}, {"die", ""}, {"act", "done 2\n"}} {
		text, err := v.tool("odd."+tc.tool).Call(t.Context(), Run{}, "1", json.RawMessage(`{}`))
		if text != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: %q, %v; want %q", tc.tool, text, err, tc.want)
		}
	}
	if got := noted(t, dir); got != "start leave start act die start act" {
		t.Errorf("it did %s", got)
	}
}

func TestACallGoesOverAConnectionOfItsOwn(t *testing.T) {
	service, server := oddService(t, t.TempDir(), func(w http.ResponseWriter, m message) { m.result(w, said("yes")) })
	handler, seen, mu := service.Config.Handler, make(map[string][]string), sync.Mutex{}
	service.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, _ := readMethod(r)
		mu.Lock()
		seen[r.RemoteAddr] = append(seen[r.RemoteAddr], method)
		mu.Unlock()
		handler.ServeHTTP(w, r)
	})
	v := newVisit(t.Context(), map[string]Server{"odd": server}, &http.Client{Transport: &http.Transport{}})
	for range 3 {
		if _, err := v.tool("odd.act").Call(t.Context(), Run{}, "1", json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	v.close()
	mu.Lock()
	defer mu.Unlock()
	calls := 0
	for address, methods := range seen {
		if strings.Contains(strings.Join(methods, " "), "tools/call") {
			if calls++; len(methods) > 1 {
				t.Errorf("the connection of %s has carried %v", address, methods)
			}
		}
	}
	if calls != 3 {
		t.Errorf("%d connections have carried calls, want 3: %v", calls, seen)
	}
}
