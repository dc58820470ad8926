package agents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"switchyard/internal/control"
	"switchyard/test/llmtest"
)

// mcpVariable makes the test binary a server of tools; its value is the directory in which
// it writes.
const mcpVariable = "AGENTS_TEST_MCP"

type words struct {
	Text string `json:"text" jsonschema:"what to say"`
}

// newToolServer returns an MCP server whose tools write in dir.
func newToolServer(dir string) *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "tools", Version: "1"}, nil)
	say := func(text string) *mcp.CallToolResult {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
	}
	mcp.AddTool(server, &mcp.Tool{Name: "shout", Description: "Says it louder."}, func(_ context.Context, _ *mcp.CallToolRequest, in words) (*mcp.CallToolResult, any, error) {
		return say(strings.ToUpper(in.Text)), nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "fail", Description: "Fails."}, func(context.Context, *mcp.CallToolRequest, words) (*mcp.CallToolResult, any, error) {
		return nil, nil, errors.New("out of order")
	})
	mcp.AddTool(server, &mcp.Tool{Name: "carve", Description: "Carves it in stone."}, func(_ context.Context, _ *mcp.CallToolRequest, in words) (*mcp.CallToolResult, any, error) {
		f, err := os.OpenFile(filepath.Join(dir, "stone"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintln(f, in.Text)
			err = errors.Join(err, f.Close())
		}
		return say("carved"), nil, err
	})
	mcp.AddTool(server, &mcp.Tool{Name: "trace", Description: "Says of which trace it is a part."}, func(_ context.Context, r *mcp.CallToolRequest, _ words) (*mcp.CallToolResult, any, error) {
		trace := os.Getenv("TRACEPARENT")
		if r.Extra != nil && r.Extra.Header != nil {
			trace = r.Extra.Header.Get("Traceparent")
		}
		return say("part of " + trace), nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "stall", Description: "Never answers."}, func(ctx context.Context, _ *mcp.CallToolRequest, _ words) (*mcp.CallToolResult, any, error) {
		path := filepath.Join(dir, "child")
		err := os.WriteFile(path+".new", []byte(strconv.Itoa(os.Getpid())), 0o600)
		if err := errors.Join(err, os.Rename(path+".new", path)); err != nil { // whole, or not there
			return nil, nil, err
		}
		<-ctx.Done()
		return nil, nil, ctx.Err()
	})
	return server
}

func serveTools() {
	if flags, ok := os.LookupEnv(oddVariable); ok {
		serveOddly(os.Getenv(mcpVariable), strings.Fields(flags))
		return
	}
	if err := newToolServer(os.Getenv(mcpVariable)).Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// servers returns the tools' server as a program and as a service.
func servers(t *testing.T, dir string) map[string]Server {
	t.Helper()
	t.Setenv(mcpVariable, dir)
	t.Setenv("TOOLS_TOKEN", "open sesame")
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return newToolServer(dir) }, nil)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer open sesame" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(service.Close)
	return map[string]Server{
		"program": {Command: []string{os.Args[0]}, Env: []string{mcpVariable}, Effects: []string{"carve"}},
		"service": {URL: service.URL, TokenEnv: "TOOLS_TOKEN", Effects: []string{"carve"}},
		"closed":  {URL: service.URL},
	}
}

func TestAModelCallsTheToolsOfMCPServers(t *testing.T) {
	for _, server := range []string{"program", "service"} {
		t.Run(server, func(t *testing.T) {
			dir := t.TempDir()
			ctx, header := traced(t)
			s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
				if turn(a) == 1 {
					return llmtest.Use(server+"_shout", `{"text":"hello"}`, server+"_carve", `{"text":"it was me"}`, server+"_fail", `{"text":"x"}`, server+"_shout", `{"text":7}`, server+"_trace", `{"text":"x"}`)
				}
				return llmtest.Say("done")
			})
			s.servers = servers(t, dir)
			s.definition.Tools = []string{server + ".shout", server + ".carve", server + ".fail", server + ".trace"}
			for number := 1; number < 3; number++ { // the second attempt replays
				if brief, err := s.attempt(ctx, number); err != nil || brief.Spent.Calls != 5 {
					t.Fatalf("attempt %d: %+v, %v", number, brief, err)
				}
			}
			asked := s.server.Asked()
			if len(asked) != 2 || fmt.Sprint(asked[0].Tools) != fmt.Sprintf("[%[1]s_shout %[1]s_carve %[1]s_fail %[1]s_trace]", server) || !strings.Contains(asked[0].Body, "what to say") {
				t.Fatalf("%d requests, the first with the tools %v: %s", len(asked), asked[0].Tools, asked[0].Body)
			}
			conversation := strings.Join(asked[1].Conversation, "\n")
			for _, want := range []string{"HELLO", "carved", "out of order", "text", "part of " + header} {
				if !strings.Contains(conversation, want) {
					t.Errorf("the model is not told %q:\n%s", want, conversation)
				}
			}
			stone, err := os.ReadFile(filepath.Join(dir, "stone"))
			if err != nil || string(stone) != "it was me\n" {
				t.Errorf("carved %q, %v; want it once", stone, err)
			}
			h, err := s.store.Read(t.Context(), s.run())
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range h.Steps {
				if effect := strings.HasSuffix(step.Name, "_carve"); step.Effect != effect {
					t.Errorf("step %s is an effect: %v", step.Name, step.Effect)
				}
			}
		})
	}
}

func TestAPauseEndsTheProgramOfAnMCPServer(t *testing.T) {
	dir := t.TempDir()
	s := newStudy(t, func(llmtest.Ask) llmtest.Reply { return llmtest.Use("program_stall", `{"text":"x"}`) })
	s.servers = servers(t, dir)
	s.definition.Tools = []string{"program.stall"}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.attempt(ctx, 1)
		done <- err
	}()
	for !exists(dir + "/child") { // nothing signals what a program has done
		time.Sleep(time.Millisecond)
	}
	cancel(control.ErrPaused)
	if err := <-done; err == nil {
		t.Error("the run went on")
	}
	awaitGone(t, dir+"/child")
}

func TestAnMCPServerThatCannotBeUsedIsNamed(t *testing.T) {
	all := servers(t, t.TempDir())
	all["missing"] = Server{Command: []string{"/no/such/program"}}
	all["mute"] = Server{Command: []string{"true"}}
	flood := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for err := error(nil); err == nil; {
			_, err = io.WriteString(w, strings.Repeat(" ", 1<<20))
		}
	}))
	defer flood.Close()
	all["flood"] = Server{URL: flood.URL}
	for tool, want := range map[string]string{
		"missing.shout":   "mcp server missing: start: execute /no/such/program: no such file or directory",
		"mute.shout":      "mcp server mute: connect: the connection was closed",
		"closed.shout":    `mcp server closed: connect: calling "initialize": sending "initialize": Unauthorized`,
		"flood.shout":     "body refused: larger than the limit of 33554432 bytes",
		"program.whisper": `mcp server program has no tool "whisper": it has carve, fail, shout, stall, trace`,
	} {
		s := newStudy(t, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("done") })
		s.servers = all
		s.definition.Tools = []string{tool}
		if _, err := s.attempt(t.Context(), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", tool, err, want)
		}
	}
	const neither = "give command or url, and not both"
	for _, tc := range []struct {
		server Server
		want   string
	}{
		{Server{}, neither},
		{Server{Command: []string{"true"}, URL: "http://127.0.0.1"}, neither},
		{Server{URL: "localhost:8000"}, `url "localhost:8000": give an http or https URL, such as https://example.com/v1`},
	} {
		if err := tc.server.Check(); fmt.Sprint(err) != tc.want {
			t.Errorf("%+v: error %v, want %q", tc.server, err, tc.want)
		}
	}
}
