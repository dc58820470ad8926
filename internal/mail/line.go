package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
)

// line is the connection of one mail. It can be closed at any time, which ends whatever waits on it.
type line struct {
	sender *Sender
	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial connects, and encrypts where that is so from the first byte.
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := l.hold(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	bounded := &bounded{Conn: conn, left: maxAnswers}
	if l.sender.options.TLS != Implicit {
		return bounded, nil
	}
	encrypted := tls.Client(bounded, l.sender.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return encrypted, nil
}

func (l *line) hold(conn net.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.conn = conn
	return nil
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close() // the mail has its answer, or needs none
	}
}

// bounded is a connection on which the other side may say only so much.
type bounded struct {
	net.Conn
	left int
}

// Read implements [net.Conn].
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the server says more than %d bytes: it is no mail server", maxAnswers)
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
