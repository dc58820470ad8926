package agents

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// outcome names what is known of a call that brought this error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.As(err, new(*toolError)):
		return "refused"
	case errors.As(err, new(unsentError)):
		return "unsent"
	case errors.As(err, new(doubtError)):
		return "doubt"
	}
	return "fails the run"
}

// callOf calls a tool of a server that has been reached before.
func callOf(t *testing.T, server Server, before func(), tool string) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	v := newVisit(t.Context(), map[string]Server{"odd": server}, client)
	defer v.close()
	if before != nil {
		if _, err := v.tool("odd.act").ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		before()
	}
	return v.tool("odd."+tool).Call(t.Context(), Run{}, "1", json.RawMessage(`{"to":"bob"}`))
}

func TestOfACallToAServiceIsKnownWhetherItWasMade(t *testing.T) {
	cut := func(_ http.ResponseWriter, _ message) { panic(http.ErrAbortHandler) }
	status := func(code int, body string) func(http.ResponseWriter, message) {
		return func(w http.ResponseWriter, _ message) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	rpc := func(status, code int) func(http.ResponseWriter, message) {
		return func(w http.ResponseWriter, m message) {
			w.WriteHeader(status)
			m.fault(w, code, "it says no")
		}
	}
	const rejected = `mcp server odd: calling "tools/call": sending "tools/call": rejected by transport: Post "http://HOST": `
	for name, tc := range map[string]struct {
		call  func(http.ResponseWriter, message)
		want  string
		says  string
		times int // that the service gets it
	}{
		"it answers":                           {func(w http.ResponseWriter, m message) { m.result(w, said("yes")) }, "done", "", 1},
		"the tool has failed":                  {func(w http.ResponseWriter, m message) { m.result(w, `{"isError":true,"content":[]}`) }, "refused", "", 1},
		"an error of JSON-RPC":                 {rpc(200, -32602), "refused", `mcp server odd: calling "tools/call": it says no`, 1},
		"the same with 400":                    {rpc(400, -32602), "refused", `mcp server odd: calling "tools/call": sending "tools/call": it says no: rejected by transport: Bad Request`, 1},
		"an error of JSON-RPC while it works":  {rpc(200, -32603), "refused", `mcp server odd: calling "tools/call": it says no`, 1},
		"the connection is cut after the body": {cut, "doubt", rejected + `EOF`, 1},
		"it answers never":                     {func(http.ResponseWriter, message) { <-t.Context().Done() }, "doubt", "mcp server odd: no result within 300ms: context deadline exceeded", 1},
		"a gateway has lost it":                {status(502, "bad gateway"), "doubt", rejected + `the server answers 502: "bad gateway"`, 1},
		"a gateway has no answer in time":      {status(504, ""), "doubt", rejected + `the server answers 504: ""`, 1},
		"it fails":                             {status(500, "oops"), "doubt", rejected + `the server answers 500: "oops"`, 1},
		"it fails in words of JSON-RPC":        {rpc(500, -32603), "doubt", rejected + `the server answers 500: "{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32603,\"message\":\"it says no\"}}\n"`, 1},
		"it cannot be read":                    {func(w http.ResponseWriter, _ message) { _, _ = io.WriteString(w, `{"jsonrpc":"2.0",`) }, "doubt", `mcp server odd: calling "tools/call": sending "tools/call": failed to decode response: unmarshaling jsonrpc message: unexpected EOF`, 1},
		"it is a page":                         {status(200, "<html>"), "doubt", `mcp server odd: calling "tools/call": sending "tools/call": unsupported content type "text/plain"`, 1},
		"a stream ends without it": {func(w http.ResponseWriter, _ message) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, ": wait\n\n")
		}, "doubt", `mcp server odd: calling "tools/call": request terminated without response`, 1},
		"there is no leave":          {status(401, "who are you"), "refused", rejected + `the server answers 401: "who are you"`, 1},
		"it is forbidden":            {status(403, ""), "refused", rejected + `the server answers 403: ""`, 1},
		"it is too large":            {status(413, ""), "refused", rejected + `the server answers 413: ""`, 1},
		"there are too many":         {status(429, ""), "refused", rejected + `the server answers 429: ""`, 1},
		"it is elsewhere":            {status(307, ""), "refused", rejected + `the server answers 307: ""`, 1},
		"the session is never known": {status(404, "session not found"), "refused", rejected + `the server answers 404: "session not found"`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			over, done := context.WithCancel(context.Background())
			_, server := oddService(t, dir, func(w http.ResponseWriter, m message) {
				if name == "it answers never" {
					<-over.Done()
					return
				}
				tc.call(w, m)
			})
			t.Cleanup(done)
			if name == "it answers never" {
				server.Timeout = 300 * time.Millisecond
			}
			_, err := callOf(t, server, func() {}, "act")
			if got := outcome(err); got != tc.want || tc.says != "" && placeless(err) != tc.says {
				t.Errorf("%s (%v), want %s (%s)", got, err, tc.want, tc.says)
			}
			if got := strings.Count(noted(t, dir), "act"); got != tc.times {
				t.Errorf("the service got it %d times, want %d", got, tc.times)
			}
		})
	}
}

func TestACallThatReachesNobodyIsSurelyNotMade(t *testing.T) {
	dir := t.TempDir()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	secret := httptest.NewUnstartedServer(http.NotFoundHandler())
	secret.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of us
	secret.StartTLS()
	defer secret.Close()
	service, gone := oddService(t, dir, func(http.ResponseWriter, message) { t.Error("it got the call") })
	for name, tc := range map[string]struct {
		server Server
		before func()
		says   string
	}{
		"nobody listens":             {Server{URL: "http://" + closed.Addr().String()}, nil, `mcp server odd: not called: connect: calling "initialize": sending "initialize": rejected by transport: Post "http://HOST": dial tcp HOST: connect: connection refused`},
		"nobody listens any more":    {gone, service.Close, `mcp server odd: not called: calling "tools/call": sending "tools/call": rejected by transport: Post "http://HOST": dial tcp HOST: connect: connection refused`},
		"the name leads nowhere":     {Server{URL: "http://nobody.invalid"}, nil, `mcp server odd: not called: connect: calling "initialize": sending "initialize": rejected by transport: Post "http://nobody.invalid": dial tcp: lookup nobody.invalid on HOST: no such host`},
		"its certificate is unknown": {Server{URL: secret.URL}, nil, `mcp server odd: not called: connect: calling "initialize": sending "initialize": rejected by transport: Post "https://HOST": tls: failed to verify certificate: x509: certificate signed by unknown authority`},
		"its token is missing":       {Server{URL: service.URL, TokenEnv: "NO_SUCH_TOKEN"}, nil, `mcp server odd: not called: connect: calling "initialize": sending "initialize": rejected by transport: Post "http://HOST": token_env: the variable NO_SUCH_TOKEN is empty: set it to the server's token`},
		"the program is missing":     {Server{Command: []string{"/no/such/program"}}, nil, "mcp server odd: not called: start: execute /no/such/program: no such file or directory"},
		"the program ends at once":   {oddProgram(t, dir, "broken"), nil, `mcp server odd: not called: connect: the connection was closed; the program ended: exit status 3; its standard error ends: "cannot open the database of (hidden)"`},
	} {
		if _, err := callOf(t, tc.server, tc.before, "act"); outcome(err) != "unsent" || placeless(err) != tc.says {
			t.Errorf("%s: %s (%v), want it unsent (%s)", name, outcome(err), err, tc.says)
		}
	}
}

func TestASessionThatAServiceHasForgottenIsBegunAnew(t *testing.T) {
	for name, forget := range map[string]func(w http.ResponseWriter, m message){
		"as the protocol says": func(w http.ResponseWriter, _ message) { http.Error(w, "no session", http.StatusNotFound) },
		"in JSON-RPC": func(w http.ResponseWriter, m message) {
			w.WriteHeader(http.StatusNotFound)
			m.fault(w, -32001, "Session not found")
		},
		"as the examples do": func(w http.ResponseWriter, m message) {
			w.WriteHeader(http.StatusBadRequest)
			m.fault(w, -32000, "Bad Request: No valid session ID provided")
		},
	} {
		dir, times := t.TempDir(), 0
		_, server := oddService(t, dir, func(w http.ResponseWriter, m message) {
			if times++; times == 1 {
				forget(w, m)
				return
			}
			m.result(w, said("yes"))
		})
		text, err := callOf(t, server, func() {}, "act")
		if err != nil || text != "yes\n" || noted(t, dir) != "start act start act" {
			t.Errorf("%s: %q, %v after %s", name, text, err, noted(t, dir))
		}
	}
}

func TestOfACallToAProgramIsKnownWhetherItWasMade(t *testing.T) {
	for tool, tc := range map[string]struct{ want, says string }{
		"act":    {"done", ""},
		"fail":   {"refused", "out of ink\n"},
		"refuse": {"refused", `mcp server odd: calling "tools/call": no such letter`},
		"die":    {"doubt", `mcp server odd: calling "tools/call": EOF; the program ended: exit status 3; its standard error ends: "out of memory"`},
		"hang":   {"doubt", "mcp server odd: no result within 300ms: context deadline exceeded"},
		"garble": {"doubt", `mcp server odd: calling "tools/call": it has written a message that cannot be read: unmarshaling jsonrpc message: json: cannot unmarshal "\"oops\"}" into Go struct field jsonrpc2.wireDecode.error of type jsonrpc2.WireError: "{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":\"oops\"}"`},
		"wonder": {"doubt", `mcp server odd: calling "tools/call": unrecognized content type "hologram"`},
	} {
		dir := t.TempDir()
		server := oddProgram(t, dir)
		if tool == "hang" {
			server.Timeout = 300 * time.Millisecond
		}
		_, err := callOf(t, server, func() {}, tool)
		if got := outcome(err); got != tc.want || tc.says != "" && placeless(err) != tc.says {
			t.Errorf("%s: %s (%v), want %s (%s)", tool, got, err, tc.want, tc.says)
		}
		if got := noted(t, dir); got != "start "+tool {
			t.Errorf("%s: it did %s", tool, got)
		}
	}
}
