package agents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// methodDiscover is the first request to a server since revision 2026-07-28. Servers of
// earlier ones may leave it without an answer (https://modelcontextprotocol.io/specification).
const methodDiscover = "server/discover"

// wire is the connection to a program that reads and writes one message of JSON-RPC a line.
// It answers for a program that leaves server/discover without an answer.
type wire struct {
	*inbox
	in       *os.File      // the program's standard input
	patience time.Duration // with server/discover
	once     sync.Once
	writing  chan struct{} // holds a token while somebody writes
	written  int64         // bytes
	gaveUp   atomic.Bool   // on an answer to server/discover

	mu        sync.Mutex
	letters   map[jsonrpc.ID]*letter
	discovery jsonrpc.ID
}

// newWire returns a connection to a program by its standard input and output. Its inbox has
// to be run.
func newWire(in, out *os.File, patience time.Duration) *wire {
	w := &wire{inbox: newInbox(out), in: in, patience: patience, writing: make(chan struct{}, 1), letters: make(map[jsonrpc.ID]*letter)}
	w.seen = w.strike
	return w
}

// Connect implements [mcp.Transport].
func (w *wire) Connect(context.Context) (mcp.Connection, error) { return w, nil }

// SessionID implements [mcp.Connection].
func (w *wire) SessionID() string { return "" }

// Close implements [mcp.Connection].
func (w *wire) Close() error {
	w.once.Do(func() {
		close(w.closed)
		_ = w.out.Close()                          // it is of no use any more
		_ = w.in.SetWriteDeadline(time.Unix(1, 0)) // its process closes it
	})
	return nil
}

// Read implements [mcp.Connection].
func (w *wire) Read(ctx context.Context) (jsonrpc.Message, error) {
	select {
	case m := <-w.messages:
		return m, nil
	case <-w.ended:
		return nil, w.err
	case <-w.closed:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Write implements [mcp.Connection]. It ends with ctx also when the program does not read.
func (w *wire) Write(ctx context.Context, m jsonrpc.Message) error {
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	data, err := jsonrpc.EncodeMessage(m)
	if err != nil {
		return err
	}
	select {
	case w.writing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-w.writing }()
	sent := w.expect(ctx, m)
	n, err := w.write(ctx, append(data, '\n'))
	if sent != nil {
		sent.end.Store(w.written + int64(len(data)))
		sent.left.Store(n >= len(data)) // what ends the line may be missing
	}
	w.written += int64(n)
	if n > 0 && n <= len(data) {
		_ = w.Close() // half a line is there: what follows would be its other half
	}
	return err
}

// noteUnread notes of a letter whether the program has read it to its end before its own.
func (w *wire) noteUnread(sent *letter) {
	w.writing <- struct{}{}
	defer func() { <-w.writing }()
	if sent.end.Load() > w.written-unread(w.in) {
		sent.left.Store(false)
	}
}

// write writes to the program until ctx ends, and returns how many bytes it has taken.
func (w *wire) write(ctx context.Context, data []byte) (int, error) {
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = w.in.SetWriteDeadline(time.Unix(1, 0)) // one that is closed needs none
		close(late)
	})
	n, err := w.in.Write(data)
	if !stop() {
		<-late
		_ = w.in.SetWriteDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("it does not read its standard input: %w", context.Cause(ctx))
	}
	return n, err
}

// expect prepares for the answer to a message, and returns the letter of a call.
func (w *wire) expect(ctx context.Context, m jsonrpc.Message) *letter {
	request, ok := m.(*jsonrpc.Request)
	if !ok || !request.IsCall() {
		return nil
	}
	w.allowMore()
	w.mu.Lock()
	defer w.mu.Unlock()
	if request.Method == methodDiscover {
		w.discovery = request.ID
		time.AfterFunc(w.patience, func() { w.answerFor(request.ID) })
	}
	sent := letterOf(ctx)
	if sent != nil {
		w.letters[request.ID] = sent
	}
	return sent
}

// answerFor answers a server/discover that the program leaves without an answer.
func (w *wire) answerFor(id jsonrpc.ID) {
	w.mu.Lock()
	waits := w.discovery == id
	w.mu.Unlock()
	if waits {
		w.gaveUp.Store(true)
		w.deliver(&jsonrpc.Response{ID: id, Error: &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "no answer to " + methodDiscover}})
	}
}

// strike notes that an answer has come.
func (w *wire) strike(answer *jsonrpc.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if sent := w.letters[answer.ID]; sent != nil {
		sent.refused.Store(answer.Error != nil)
		delete(w.letters, answer.ID)
	}
	if w.discovery == answer.ID {
		w.discovery = jsonrpc.ID{}
	}
}
