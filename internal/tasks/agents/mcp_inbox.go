package agents

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

const (
	// maxMCPBytes bounds what a program writes from one request to the next, and a response
	// of a service.
	maxMCPBytes = 32 << 20
	// maxNoise bounds how much of that may be something else than messages.
	maxNoise = 64 << 10
	// maxQuoted bounds what an error quotes of a line.
	maxQuoted = 200
)

// inbox takes the messages that a program writes to its standard output, one a line. It skips
// lines that are none, such as a banner.
type inbox struct {
	out      *os.File
	messages chan jsonrpc.Message
	seen     func(*jsonrpc.Response) // is told of each answer before it is handed over
	ended    chan struct{}           // closed when no more come; then err says why
	err      error
	closed   chan struct{} // closed when nobody wants more

	got, noise atomic.Int64 // bytes since the last request, all and skipped ones

	mu      sync.Mutex
	skipped string // the first line that was, quoted
}

func newInbox(out *os.File) *inbox {
	return &inbox{out: out, messages: make(chan jsonrpc.Message), ended: make(chan struct{}), closed: make(chan struct{})}
}

// allowMore has the bounds count from now on: a request was sent, and may be answered.
func (b *inbox) allowMore() {
	b.got.Store(0)
	b.noise.Store(0)
}

// run reads until the standard output ends or is of no use any more.
func (b *inbox) run() {
	r := bufio.NewReader(b.out)
	for {
		line, err := b.line(r)
		if text := bytes.TrimSpace(line); len(text) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			err = errors.Join(b.take(text), err)
		}
		if err != nil {
			b.err = err
			close(b.ended)
			return
		}
	}
}

// line reads one line.
func (b *inbox) line(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		piece, err := r.ReadSlice('\n')
		if b.got.Add(int64(len(piece))) > maxMCPBytes {
			return nil, fmt.Errorf("it has written more than %d bytes since the last request", maxMCPBytes)
		}
		line = append(line, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// take hands over the message of a line, or those of a batch, which revision 2025-03-26 has.
func (b *inbox) take(text []byte) error {
	var batch []json.RawMessage
	if json.Unmarshal(text, &batch) != nil {
		batch = []json.RawMessage{text}
	}
	for _, one := range batch {
		m, err := jsonrpc.DecodeMessage(one)
		switch {
		case err == nil:
			if answer, ok := m.(*jsonrpc.Response); ok {
				b.seen(answer)
			}
			if !b.deliver(m) {
				return io.EOF
			}
		case isMessage(one):
			return fmt.Errorf("it has written a message that cannot be read: %w: %s", err, quote(one))
		default:
			if err := b.skip(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// isMessage reports whether a text wants to be a message.
func isMessage(text []byte) bool {
	var message struct {
		Version json.RawMessage `json:"jsonrpc"`
	}
	return json.Unmarshal(text, &message) == nil && message.Version != nil
}

// deliver hands a message over, and reports whether somebody has taken it.
func (b *inbox) deliver(m jsonrpc.Message) bool {
	select {
	case b.messages <- m:
		return true
	case <-b.closed:
	case <-b.ended:
	}
	return false
}

// skip skips a line that is no message.
func (b *inbox) skip(text []byte) error {
	b.mu.Lock()
	if b.skipped == "" {
		b.skipped = quote(text)
	}
	b.mu.Unlock()
	if b.noise.Add(int64(len(text))) > maxNoise {
		return fmt.Errorf("it has written more than %d bytes to its standard output that are no messages", maxNoise)
	}
	return nil
}

// hasEnded reports whether no more messages come.
func (b *inbox) hasEnded() bool {
	select {
	case <-b.ended:
		return true
	case <-b.closed:
		return true
	default:
		return false
	}
}

// firstSkipped returns the first line that was skipped, quoted, and "" if none was.
func (b *inbox) firstSkipped() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.skipped
}

// quote quotes the begin of a line.
func quote(text []byte) string { return fmt.Sprintf("%q", cutText(string(text), maxQuoted)) }
