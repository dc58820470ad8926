package cache_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

// TestAConnectionThatIsLostBeforeItsGreetingIsReplaced has the first connections closed as soon as something is
// asked on them, as by a Redis that stops.
func TestAConnectionThatIsLostBeforeItsGreetingIsReplaced(t *testing.T) {
	const lost = 3
	redis := redistest.Mini(t).Addr()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if n < lost {
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
				continue
			}
			server, err := net.Dial("tcp", redis)
			if err != nil {
				_ = conn.Close()
				continue
			}
			go func() { _, _ = io.Copy(server, conn); _ = server.Close() }()
			go func() { _, _ = io.Copy(conn, server); _ = conn.Close() }()
		}
	}()
	client := redistest.Client(t, listener.Addr().String())
	ctx, cancel := context.WithTimeout(cache.WithPatience(t.Context()), 20*time.Second)
	defer cancel()
	if err := client.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Errorf("a command: %v", err)
	}
}
