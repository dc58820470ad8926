package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// discoverFor is how long a server may take to answer server/discover before it is taken
	// for one that does not know it.
	discoverFor = time.Second
	// discoverAgain is how long it may take if it does not know initialize either.
	discoverAgain = 15 * time.Second
)

// host is an MCP server to a run, which connects to it when it first needs it, and anew when
// the connection has been lost. It is safe for concurrent use.
type host struct {
	visit   *visit
	name    string
	server  Server
	turn    chan struct{} // holds a token while somebody uses what follows
	link    *link         // nil: there is none
	tools   map[string]*mcp.Tool
	changed atomic.Bool // the tools have, since they were listed
}

// link is one connection to a server.
type link struct {
	session *mcp.ClientSession
	visit   *visit
	process *process // nil: it is a service
	wire    *wire
	caller  *caller
}

func newHost(v *visit, name string, s Server) *host {
	return &host{visit: v, name: name, server: s, turn: make(chan struct{}, 1)}
}

// lock takes the turn, or returns why ctx has ended.
func (h *host) lock(ctx context.Context) error {
	select {
	case h.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *host) unlock() { <-h.turn }

// close leaves the server. Nobody uses the host any more.
func (h *host) close() {
	if h.link != nil {
		h.link.close()
	}
}

// call calls a tool, which may take as long as limit, once there is a connection. A call that
// has surely not been made because the connection was lost is made on a new one. The error is
// as [letter.judge] says.
func (h *host) call(ctx context.Context, tool string, limit time.Duration, arguments json.RawMessage) (*mcp.CallToolResult, error) {
	for again := false; ; again = true {
		link, err := h.connected(ctx)
		if err != nil {
			return nil, unsentError{err}
		}
		result, retry, err := h.callOn(ctx, link, tool, limit, arguments)
		if err == nil || !retry || again {
			return result, err
		}
	}
}

// callOn calls a tool on a connection, and reports of a failure whether the call has surely not
// been made, and another connection may help.
func (h *host) callOn(ctx context.Context, link *link, tool string, limit time.Duration, arguments json.RawMessage) (result *mcp.CallToolResult, retry bool, err error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	sent := &letter{}
	result, err = link.session.CallTool(withLetter(within, sent), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err == nil {
		return result, false, nil
	}
	unmade, lost := sent.knowsNoSession(err), link.isLost(within, err, sent)
	if lost {
		err = h.forget(link, err, sent)
	}
	err = sent.judge(h.hide(err))
	if within.Err() != nil && ctx.Err() == nil {
		return nil, false, late(err, limit)
	}
	return nil, lost && (unmade || errors.As(err, new(unsentError))), err
}

// isLost reports whether a call's error says that the connection is of no use any more.
func (l *link) isLost(ctx context.Context, err error, sent *letter) bool {
	if l.wire != nil {
		return !sent.left.Load() && ctx.Err() == nil || l.wire.hasEnded()
	}
	switch {
	case sent.knowsNoSession(err):
		return true
	case ctx.Err() != nil, answered(err) != nil:
		return false
	}
	status := sent.status.Load()
	if status == 0 {
		return errors.Is(err, mcp.ErrConnectionClosed) // by another call
	}
	return status < http.StatusMultipleChoices // the others are about this call
}

// connected returns the connection to the server, which it makes if there is none.
func (h *host) connected(ctx context.Context) (*link, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.unlock()
	return h.connect(ctx)
}

// connect is connected, for who has the turn.
func (h *host) connect(ctx context.Context) (*link, error) {
	if h.link != nil || ctx.Err() != nil {
		return h.link, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	l, err := h.dial(ctx, discoverFor)
	if err != nil && l.gaveUp() && answered(err) != nil {
		l, err = h.dial(ctx, discoverAgain) // a server of today that is slow to start
	}
	if err != nil {
		return nil, h.hide(err)
	}
	h.link = l
	h.changed.Store(h.tools != nil) // maybe: it is another than the one that was asked
	return l, nil
}

// dial makes a connection. It returns one with an error, too, which is closed.
func (h *host) dial(ctx context.Context, patience time.Duration) (*link, error) {
	l, options := &link{visit: h.visit}, &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}, MultiRoundTrip: &mcp.MultiRoundTripOptions{Disabled: true}}
	var transport mcp.Transport
	if h.server.URL != "" {
		transport, l.caller = h.visit.service(h.server, patience)
	} else {
		var err error
		if l.process, err = startProcess(h.visit.run, h.server, h.visit.actors.Go); err != nil {
			return l, err
		}
		l.wire = newWire(l.process.in, l.process.out, patience)
		h.visit.actors.Go(l.wire.run)
		transport = l.wire
		options.ToolListChangedHandler = func(context.Context, *mcp.ToolListChangedRequest) { h.changed.Store(true) }
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "switchyard", Version: "1"}, options).Connect(ctx, transport, nil)
	if err != nil {
		// Who reads or who writes may be the first to find that a program has ended, and they say it differently.
		if text := err.Error(); l.process != nil && (strings.HasSuffix(text, ": EOF") || strings.HasSuffix(text, ": broken pipe")) {
			err = errors.New("the connection was closed")
		}
		return l, l.epitaph(fmt.Errorf("connect: %w", err), nil)
	}
	l.session = session
	return l, nil
}

// forget leaves a connection that is of no use any more, notes what the program has not read
// of the call that it took with it, and returns the call's error with what is known of the end.
func (h *host) forget(l *link, err error, sent *letter) error {
	h.turn <- struct{}{}
	if h.link == l {
		h.link = nil
	}
	h.unlock()
	return l.epitaph(err, sent)
}

// gaveUp reports whether server/discover was left without an answer.
func (l *link) gaveUp() bool {
	return l.wire != nil && l.wire.gaveUp.Load() || l.caller != nil && l.caller.gaveUp.Load()
}

// close leaves the server, and ends its program.
func (l *link) close() {
	if l.process != nil {
		_ = l.wire.Close() // so that nothing waits for the program
		l.process.leave()
	}
	if l.session != nil {
		_ = l.session.Close() // it is over either way
	}
}

// epitaph closes the connection, and adds to its error what the program has to say of it. sent
// is the call that it took with it, nil if there was none.
func (l *link) epitaph(err error, sent *letter) error {
	if l.process == nil {
		l.visit.actors.Go(l.close) // which lets other calls end first
		return err
	}
	text := l.process.epitaph()
	if sent != nil {
		l.wire.noteUnread(sent)
	}
	l.close()
	if text != "" {
		err = fmt.Errorf("%w; %s", err, text)
	}
	if line := l.wire.firstSkipped(); line != "" {
		err = fmt.Errorf("%w; its standard output has lines that are no messages, the first is %s", err, line)
	}
	return err
}
