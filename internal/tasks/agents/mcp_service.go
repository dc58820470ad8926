package agents

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"switchyard/internal/telemetry"
	"switchyard/internal/web"
)

// caller makes the requests to an MCP server that is a service: with the trace, and with the
// token of a variable if one is named. It notes how far calls come, and ends a server/discover
// that is left without an answer. All of its requests end with life.
type caller struct {
	http.RoundTripper
	fresh    http.RoundTripper // makes each request on a connection of its own
	life     context.Context
	variable string
	patience time.Duration // with server/discover
	gaveUp   atomic.Bool   // on an answer to it
}

// service returns the transport to a service, and who makes its requests.
func (v *visit) service(s Server, patience time.Duration) (mcp.Transport, *caller) {
	c := &caller{life: v.life, variable: s.TokenEnv, patience: patience}
	c.RoundTripper = web.Limited{RoundTripper: v.client.Transport, Most: maxMCPBytes}
	c.fresh = web.Limited{RoundTripper: withoutReuse(v.client.Transport), Most: maxMCPBytes}
	client := *v.client
	client.Transport, client.CheckRedirect = c, NoRedirect
	return &mcp.StreamableClientTransport{Endpoint: s.URL, HTTPClient: &client, DisableStandaloneSSE: true, MaxEventSize: maxMCPBytes}, c
}

// withoutReuse returns a transport that makes each request on a connection of its own. Nobody
// knows of a request whether it was read if the server closes, just then, a connection that was
// idle.
func withoutReuse(t http.RoundTripper) http.RoundTripper {
	known, ok := cmp.Or(t, http.DefaultTransport).(*http.Transport)
	if !ok {
		return t
	}
	fresh := known.Clone()
	fresh.DisableKeepAlives = true
	return fresh
}

// RoundTrip implements [http.RoundTripper].
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	context.AfterFunc(c.life, cancel)
	method, err := methodOf(r)
	if err != nil {
		return nil, err
	}
	sent := letterOf(ctx)
	if method != "tools/call" {
		sent = nil // it is about a call, such as that nobody waits for it
	}
	r = r.Clone(sent.traced(ctx))
	telemetry.InjectHTTP(ctx, r.Header)
	if c.variable != "" {
		token := os.Getenv(c.variable)
		if token == "" {
			return nil, fmt.Errorf("token_env: the variable %s is empty: set it to the server's token", c.variable)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == methodDiscover {
		defer time.AfterFunc(c.patience, func() {
			c.gaveUp.Store(true)
			cancel()
		}).Stop()
	}
	if sent == nil {
		return c.RoundTripper.RoundTrip(r)
	}
	response, err := c.fresh.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	sent.status.Store(int32(response.StatusCode)) //nolint:gosec // of three digits
	if err := faultOf(response); err != nil {
		return nil, err
	}
	return response, nil
}

// faultOf returns the error of an answer that brings no message: the SDK would give up the
// session for some, and say nothing of what the server says.
func faultOf(response *http.Response) error {
	if response.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	const most = 64 << 10 // no error of JSON-RPC needs as much
	body, _ := io.ReadAll(io.LimitReader(response.Body, most))
	_ = response.Body.Close()
	m, _ := jsonrpc.DecodeMessage(body)
	if answer, ok := m.(*jsonrpc.Response); ok && answer.Error != nil && response.StatusCode < http.StatusInternalServerError {
		response.Body = io.NopCloser(bytes.NewReader(body))
		return nil
	}
	return fmt.Errorf("the server answers %d: %s", response.StatusCode, quote(body))
}

// traced returns a context in which the letter notes that a request has left. One of which a
// part could not be sent has not: no server acts on half an object.
func (l *letter) traced(ctx context.Context) context.Context {
	if l == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { l.left.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) { l.left.Store(info.Err == nil) },
	})
}

// methodOf returns the method of the message that a request has for its body, "" if it has
// none.
func methodOf(r *http.Request) (string, error) {
	if r.GetBody == nil {
		return "", nil
	}
	body, err := r.GetBody()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	var message struct {
		Method string `json:"method"`
	}
	_ = json.NewDecoder(bytes.NewReader(text)).Decode(&message) // an answer to the server has none
	return message.Method, nil
}
