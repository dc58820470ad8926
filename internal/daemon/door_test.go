package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// serve serves handler on a free port of its own until the test ends.
func serve(t *testing.T, handler http.Handler, log *zap.Logger) (addr string) {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, FewConnections, handler, log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// dial connects from an address of this machine, such as 127.0.0.2, and sends text.
func dial(t *testing.T, from, to, text string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	conn, err := d.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

const ask = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

// answered reads an answer and returns its status.
func answered(t *testing.T, conn net.Conn) int {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	return r.StatusCode
}

// isOpen reports whether the server has not closed a connection on which nothing is to come.
func isOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// TestAFloodOfConnectionsNeitherBlocksAProbeNorHoldsDescriptors opens connections that wait in
// each of the ways that cost a client nothing.
func TestAFloodOfConnectionsNeitherBlocksAProbeNorHoldsDescriptors(t *testing.T) {
	for name, text := range map[string]string{
		"silent":       "",
		"kept alive":   ask,
		"slow headers": "GET /healthz HTTP/1.1\r\nHos",
		"slow bodies":  "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx",
	} {
		t.Run(name, func(t *testing.T) {
			core, logs := observer.New(zap.InfoLevel)
			addr := serve(t, Endpoint(prometheus.NewRegistry()), zap.New(core))
			probe := dial(t, "127.0.0.2", addr, ask) // kept alive, from elsewhere
			if got := answered(t, probe); got != http.StatusOK {
				t.Fatalf("the probe before the flood: %d", got)
			}
			flood := make([]net.Conn, 600)
			for i := range flood {
				flood[i] = dial(t, "127.0.0.1", addr, text)
				if text == ask {
					_ = answered(t, flood[i])
				}
			}
			if got := answered(t, dial(t, "127.0.0.1", addr, ask)); got != http.StatusOK {
				t.Errorf("a probe from where the flood comes from: %d", got)
			}
			_, _ = io.WriteString(probe, ask)
			if got := answered(t, probe); got != http.StatusOK {
				t.Errorf("a probe from elsewhere, on the connection that it had: %d", got)
			}
			open := 0
			for _, conn := range flood {
				if _, _ = io.Copy(io.Discard, &io.LimitedReader{R: drained{conn}, N: 1 << 20}); isOpen(conn) {
					open++
				}
			}
			if open > FewConnections {
				t.Errorf("%d connections of the flood are open, want at most %d", open, FewConnections)
			}
			if n := logs.FilterMessageSnippet("let go of").Len(); n != 1 {
				t.Errorf("%d log lines about the flood, want 1", n)
			}
		})
	}
}

// drained reads what has come so far.
type drained struct{ net.Conn }

// Read implements [io.Reader].
func (d drained) Read(p []byte) (int, error) {
	_ = d.SetReadDeadline(time.Now().Add(time.Millisecond))
	return d.Conn.Read(p)
}

func TestARequestThatIsWorkedOnIsNotCutForIdleConnections(t *testing.T) {
	working, finish := make(chan struct{}), make(chan struct{})
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(working)
			<-finish
		}
		w.WriteHeader(http.StatusNoContent)
	}), zap.NewNop())
	slow := dial(t, "127.0.0.1", addr, strings.Replace(ask, "/healthz", "/slow", 1))
	<-working
	for range 2 * FewConnections {
		dial(t, "127.0.0.1", addr, "")
	}
	if got := answered(t, dial(t, "127.0.0.1", addr, ask)); got != http.StatusNoContent {
		t.Errorf("a request beside it: %d", got)
	}
	close(finish)
	if got := answered(t, slow); got != http.StatusNoContent {
		t.Errorf("the request that was worked on: %d", got)
	}
}

func TestRequestsThatNeverEndDoNotShutTheDoor(t *testing.T) {
	stuck := make(chan struct{}, 2*FewConnections)
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stuck" {
			stuck <- struct{}{}
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusNoContent)
	}), zap.NewNop())
	for range FewConnections + 10 {
		dial(t, "127.0.0.1", addr, strings.Replace(ask, "/healthz", "/stuck", 1))
		<-stuck
	}
	if got := answered(t, dial(t, "127.0.0.2", addr, ask)); got != http.StatusNoContent {
		t.Errorf("a request beside them: %d", got)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	addr := serve(t, Endpoint(prometheus.NewRegistry()), zap.NewNop())
	long := strings.Repeat("x", 80<<10)
	conn := dial(t, "127.0.0.1", addr, fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: x\r\nA: %s\r\n\r\n", long))
	if got := answered(t, conn); got != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", got)
	}
}

func TestASourceIsAnAddressOrAnIPv6Network(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:80":            "192.0.2.7",
		"[::ffff:192.0.2.7]:80":   "192.0.2.7",
		"[2001:db8:1:2:3::4]:80":  "2001:db8:1:2::",
		"[fe80:0:0:1::1%eth0]:80": "fe80:0:0:1::",
		"@":                       "invalid IP",
	} {
		if got := Source(Remote(addr)); got.String() != want {
			t.Errorf("source of %s: %s, want %s", addr, got, want)
		}
	}
	if Source(netip.Addr{}).IsValid() {
		t.Error("no address is a source")
	}
}

func TestABurstIsToldOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Burst
		var told []int
		for range 130 {
			if n := b.Tell(); n > 0 {
				told = append(told, n)
			}
			time.Sleep(time.Second)
		}
		if fmt.Sprint(told) != "[1 60 60]" {
			t.Errorf("told %v, want at once, and what came since after each minute", told)
		}
	})
}
