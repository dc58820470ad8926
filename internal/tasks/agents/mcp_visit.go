package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"switchyard/internal/llm"
	"switchyard/internal/program"
	"switchyard/internal/telemetry"
	"switchyard/internal/web"
)

// What is asked of a server, and what it may answer.
const (
	mcpGrace    = 2 * time.Second // from asking a program to stop to killing it
	maxMCPBytes = 32 << 20        // of a program in a run, of a service in a response
)

// visit is what a run has to do with MCP servers: it connects to each when it is first
// needed. It is used by one goroutine.
type visit struct {
	ctx      context.Context
	end      context.CancelFunc
	servers  map[string]Server
	client   *http.Client
	sessions map[string]*mcp.ClientSession
	programs sync.WaitGroup
}

func newVisit(ctx context.Context, servers map[string]Server, client *http.Client) *visit {
	v := &visit{servers: servers, client: client, sessions: make(map[string]*mcp.ClientSession)}
	v.ctx, v.end = context.WithCancel(ctx)
	return v
}

// close leaves all servers, and ends the programs with their groups.
func (v *visit) close() {
	for _, session := range v.sessions {
		_ = session.Close() // it is over either way
	}
	v.end()
	v.programs.Wait()
}

// session returns the session with a server.
func (v *visit) session(name string) (*mcp.ClientSession, error) {
	if session := v.sessions[name]; session != nil {
		return session, nil
	}
	transport, err := v.transport(v.servers[name])
	if err != nil {
		return nil, fmt.Errorf("mcp server %s: %w", name, err)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "switchyard", Version: "1"}, nil)
	ctx, cancel := context.WithTimeout(v.ctx, toolWithin)
	defer cancel()
	session, err := client.Connect(ctx, transport, nil)
	if err != nil {
		return nil, fmt.Errorf("mcp server %s: connect: %w", name, err)
	}
	v.sessions[name] = session
	return session, nil
}

func (v *visit) transport(s Server) (mcp.Transport, error) {
	if s.URL != "" {
		client := *v.client
		client.Transport = caller{web.Limited{RoundTripper: client.Transport, Most: maxMCPBytes}, s.TokenEnv}
		client.CheckRedirect, client.Timeout = NoRedirect, toolWithin
		return &mcp.StreamableClientTransport{Endpoint: s.URL, HTTPClient: &client, DisableStandaloneSSE: true}, nil
	}
	cmd := exec.Command(s.Command[0], s.Command[1:]...) //nolint:gosec // the operator's configuration names it
	cmd.Dir, cmd.Env = s.Dir, environ(v.ctx, s.Env)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := program.Start(cmd, s.Bounds)
	if err != nil {
		return nil, err
	}
	v.programs.Go(func() { _ = p.Wait(v.ctx, mcpGrace) }) // how it ended is its own business
	return &mcp.IOTransport{Reader: io.NopCloser(io.LimitReader(out, maxMCPBytes)), Writer: in}, nil
}

// caller sends the trace with each request, and the token of a variable if it names one.
type caller struct {
	http.RoundTripper
	variable string
}

// RoundTrip implements [http.RoundTripper].
func (c caller) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	telemetry.InjectHTTP(r.Context(), r.Header)
	if c.variable != "" {
		token := os.Getenv(c.variable)
		if token == "" {
			return nil, fmt.Errorf("token_env: the variable %s is empty: set it to the server's token", c.variable)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.RoundTripper.RoundTrip(r)
}

// describe asks a server for one of its tools.
func (v *visit) describe(ctx context.Context, name string) (llm.Tool, error) {
	server, wanted, _ := splitRemote(name)
	session, err := v.session(server)
	if err != nil {
		return llm.Tool{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	var known []string
	for tool, err := range session.Tools(ctx, nil) {
		if err != nil {
			return llm.Tool{}, fmt.Errorf("mcp server %s: list tools: %w", server, err)
		}
		if known = append(known, tool.Name); tool.Name != wanted {
			continue
		}
		schema, err := json.Marshal(tool.InputSchema)
		if err != nil {
			return llm.Tool{}, fmt.Errorf("mcp server %s: tool %s: %w", server, wanted, err)
		}
		return llm.Tool{Name: notInNames.ReplaceAllString(name, "_"), Description: tool.Description, Schema: schema}, nil
	}
	return llm.Tool{}, fmt.Errorf("mcp server %s has no tool %q: it has %s", server, wanted, strings.Join(known, ", "))
}
