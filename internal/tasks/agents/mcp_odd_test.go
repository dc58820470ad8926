package agents

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// oddVariable makes the test binary, as a server of tools, one that misbehaves; its value is
// in which ways, besides those of its tools.
const oddVariable = "AGENTS_TEST_ODD"

// oddTools are the tools of such a server. Each call of one is a line in the file "done".
var oddTools = []string{"act", "answer_twice", "change", "die", "fail", "garble", "hang", "leave", "link", "refuse", "resource", "slow", "structured", "wonder"}

// message is a message of JSON-RPC.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name   string `json:"name"`
		Cursor string `json:"cursor"`
	} `json:"params"`
}

// note notes in a file of dir what was done, and returns how often it was.
func note(dir, what string) int {
	path := filepath.Join(dir, "done")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintln(f, what)
	_ = f.Close()
	text, _ := os.ReadFile(path)
	return strings.Count(string(text), what+"\n")
}

// noted returns what was done, in its order.
func noted(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "done"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

const initialized = `{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"odd","version":"1"}}`

// listing is a list of tools, with a description of theirs.
func listing(names []string, description string) string {
	var tools []string
	for _, name := range names {
		tools = append(tools, fmt.Sprintf(`{"name":%q,"description":%q,"inputSchema":{"type":"object"}}`, name, description))
	}
	return strings.Join(tools, ",")
}

// result writes a result of JSON-RPC to a message.
func (m message) result(out io.Writer, result string) {
	_, _ = fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", m.ID, result)
}

// fault writes an error of JSON-RPC.
func (m message) fault(out io.Writer, code int, text string) {
	_, _ = fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":%q}}`+"\n", m.ID, code, text)
}

func said(text string) string { return fmt.Sprintf(`{"content":[{"type":"text","text":%q}]}`, text) }

// serveOddly is a server on standard input and output.
func serveOddly(dir string, flags []string) {
	is := func(flag string) bool { return slices.Contains(flags, flag) }
	if is("banner") {
		fmt.Println("Odd server 1.0\n[1,2\n\n{\"level\":\"info\"}")
	}
	if is("sleepy") {
		time.Sleep(1500 * time.Millisecond) // until it has started
	}
	for is("noisy") {
		fmt.Println("loading ...")
	}
	if is("broken") {
		fmt.Fprintf(os.Stderr, "cannot open the database of %s\n", os.Getenv("ODD_SECRET"))
		os.Exit(3)
	}
	note(dir, "start")
	in := bufio.NewReader(os.Stdin)
	for changed := false; ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line, &m) != nil || m.ID == nil {
			continue
		}
		switch m.Method {
		case "server/discover":
			if !is("old") {
				m.fault(os.Stdout, -32601, "Method not found")
			}
		case "initialize":
			m.result(os.Stdout, initialized)
		case "tools/list":
			m.list(is, changed)
			for is("deaf") { // it reads no more
				time.Sleep(time.Hour)
			}
		case "tools/call":
			changed = m.call(dir, m.Params.Name)
		}
	}
}

// list answers tools/list.
func (m message) list(is func(string) bool, changed bool) {
	next, names, description := "", oddTools, "as before"
	switch {
	case is("circling"):
		next = `,"nextCursor":"two"`
		if m.Params.Cursor != "" {
			names = nil
		}
	case is("endless"):
		next, names = fmt.Sprintf(`,"nextCursor":"%sx"`, m.Params.Cursor), nil
	case is("doubled"):
		names = []string{"act", "act"}
	case changed:
		names, description = []string{"act", "change"}, "changed"
	}
	m.result(os.Stdout, fmt.Sprintf(`{"tools":[%s]%s}`, listing(names, description), next))
}

// call answers a call of a tool, or not, and reports whether the tools have changed.
func (m message) call(dir, tool string) bool {
	times := note(dir, tool)
	switch tool {
	case "die":
		fmt.Fprintln(os.Stderr, "out of memory")
		os.Exit(3)
	case "leave":
		m.result(os.Stdout, said("bye"))
		os.Exit(0)
	case "hang":
	case "slow":
		time.Sleep(50 * time.Millisecond) // its work
		m.result(os.Stdout, said("slowly"))
	case "garble":
		fmt.Printf(`{"jsonrpc":"2.0","id":%s,"error":"oops"}`+"\n", m.ID)
	case "refuse":
		m.fault(os.Stdout, -32602, "no such letter")
	case "fail":
		m.result(os.Stdout, `{"isError":true,"content":[{"type":"text","text":"out of ink"}]}`)
	case "resource":
		m.result(os.Stdout, `{"content":[{"type":"resource","resource":{"uri":"file:///a","text":"in the file"}},{"type":"resource","resource":{"uri":"file:///b","mimeType":"image/png","blob":"AAAA"}},`+
			`{"type":"image","mimeType":"image/png","data":"AAAA"},{"type":"audio","mimeType":"audio/wav","data":"AAAA"}]}`)
	case "link":
		m.result(os.Stdout, `{"content":[{"type":"resource_link","uri":"file:///c","name":"c","description":"the third"}]}`)
	case "structured":
		m.result(os.Stdout, `{"content":[],"structuredContent":{"degrees":21}}`)
	case "wonder":
		m.result(os.Stdout, `{"content":[{"type":"hologram"}]}`)
	case "change":
		fmt.Println(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
		m.result(os.Stdout, said("changed"))
		return true
	default:
		m.result(os.Stdout, said(fmt.Sprintf("done %d", times)))
	}
	return false
}

// oddProgram returns such a server as a program.
func oddProgram(t *testing.T, dir string, flags ...string) Server {
	t.Helper()
	t.Setenv(mcpVariable, dir)
	t.Setenv(oddVariable, strings.Join(flags, " "))
	t.Setenv("ODD_SECRET", "open sesame")
	return Server{Command: []string{os.Args[0]}, Env: []string{mcpVariable, oddVariable, "ODD_SECRET"}, Timeout: 20 * time.Second}
}

// oddService starts a service that answers a call of its tools as call says, and notes it in
// dir once it has read it.
func oddService(t *testing.T, dir string, call func(w http.ResponseWriter, m message)) (*httptest.Server, Server) {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m message
		if err == nil && len(body) > 0 {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case m.Method == "server/discover":
			m.fault(w, -32601, "Method not found")
		case m.Method == "initialize":
			w.Header().Set("Mcp-Session-Id", fmt.Sprintf("s%d", note(dir, "start")))
			m.result(w, initialized)
		case m.Method == "tools/list":
			m.result(w, fmt.Sprintf(`{"tools":[%s]}`, listing(oddTools, "as before")))
		case m.Method == "tools/call":
			note(dir, m.Params.Name)
			call(w, m)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(service.Close)
	return service, Server{URL: service.URL, Timeout: 20 * time.Second}
}
