package agents

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// npmVariable names the directory in which servers of others were installed with npm; see
// make test-mcp.
const npmVariable = "SWITCHYARD_MCP_SERVERS"

// npmServer returns the command of a server from npm.
func npmServer(t *testing.T, name string, args ...string) []string {
	t.Helper()
	dir := os.Getenv(npmVariable)
	if dir == "" {
		t.Skipf("%s is not set: make test-mcp installs MCP servers with npm, and runs this", npmVariable)
	}
	path := filepath.Join(dir, "node_modules", ".bin", name)
	if !exists(path) {
		t.Fatalf("%s has no %s: install it with make test-mcp", dir, path)
	}
	return append([]string{path}, args...)
}

func TestServersFromNpmWork(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "note.txt"), []byte("the tide is high"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MEMORY_FILE_PATH", filepath.Join(dir, "memory.json"))
	stdio := func(args ...string) Server {
		return Server{Command: npmServer(t, args[0], args[1:]...), Env: []string{"PATH", "HOME", "MEMORY_FILE_PATH"}, Timeout: 30 * time.Second}
	}
	servers := map[string]Server{
		"files":    stdio("mcp-server-filesystem", dir),
		"memory":   stdio("mcp-server-memory"),
		"thinking": stdio("mcp-server-sequential-thinking"),
		"stdio":    stdio("mcp-server-everything", "stdio"),
		"service":  serveEverything(t),
	}
	v := newVisit(t.Context(), servers, &http.Client{Transport: &http.Transport{}})
	defer v.close()
	for _, tc := range []struct{ tool, arguments, want string }{
		{"files.read_text_file", fmt.Sprintf(`{"path":%q}`, filepath.Join(dir, "note.txt")), "the tide is high\n"},
		{"files.read_text_file", `{"path":"/etc/passwd"}`, "refused: Access denied"},
		{"memory.create_entities", `{"entities":[{"name":"ada","entityType":"person","observations":["likes tides"]}]}`, `"likes tides"`},
		{"memory.search_nodes", `{"query":"tides"}`, `"ada"`},
		{"thinking.sequentialthinking", `{"thought":"tides","nextThoughtNeeded":false,"thoughtNumber":1,"totalThoughts":1}`, `"thoughtHistoryLength": 1`},
		{"stdio.echo", `{"message":"hello"}`, "Echo: hello\n"},
		{"stdio.echo", `{"massage":"hello"}`, "refused: "},
		{"stdio.get-sum", `{"a":2,"b":3}`, "5"},
		{"stdio.get-structured-content", `{"location":"Chicago"}`, "humidity"},
		{"stdio.get-resource-reference", `{"resourceType":"Text","resourceId":1}`, "resource demo://resource/dynamic/text/1:\n"},
		{"stdio.get-resource-links", `{"count":2}`, "(a link to the resource "},
		{"stdio.get-tiny-image", `{}`, "(an image, image/png of "},
		{"service.echo", `{"message":"hello"}`, "Echo: hello\n"},
		{"service.get-annotated-message", `{"messageType":"success"}`, "Operation completed successfully"},
		{"service.trigger-long-running-operation", `{"duration":1,"steps":2}`, "Long running operation completed"},
	} {
		tool := v.tool(tc.tool)
		if _, err := tool.ask(t.Context()); err != nil {
			t.Errorf("%s: %v", tc.tool, err)
			continue
		}
		text, err := tool.Call(t.Context(), Run{}, "1", json.RawMessage(tc.arguments))
		if err != nil {
			text = outcome(err) + ": " + err.Error()
		}
		t.Logf("%s: %.300s", tc.tool, text)
		if !strings.Contains(text, tc.want) {
			t.Errorf("%s: %q, want %q", tc.tool, text, tc.want)
		}
	}
}

// serveEverything starts the server that has everything as a service.
func serveEverything(t *testing.T) Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close() // for the service
	command := npmServer(t, "mcp-server-everything", "streamableHttp")
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	_, port, _ := net.SplitHostPort(address)
	cmd.Env = append(os.Environ(), "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // its context ends first
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return Server{URL: "http://" + address + "/mcp", Timeout: 30 * time.Second}
		}
		select {
		case <-t.Context().Done():
			t.Fatal("it does not listen")
		case <-time.After(10 * time.Millisecond): // nothing signals that it does
		}
	}
}
