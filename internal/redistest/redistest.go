// Package redistest runs a test against every Redis the project promises to work on:
// the embedded miniredis and a private redis-server started for the test.
package redistest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Run runs test once on miniredis and once on a private redis-server, both empty.
func Run(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, Client(t, Mini(t).Addr())) })
	t.Run("redis-server", func(t *testing.T) { test(t, Client(t, Server(t).Addr)) })
}

// Client returns a client of the Redis at addr, closed with the test.
func Client(t testing.TB, addr string) redis.UniversalClient {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Mini starts a miniredis, stopped with the test.
func Mini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatalf("start miniredis: %v", err)
	}
	t.Cleanup(m.Close)
	return m
}

// Process is a private redis-server.
type Process struct {
	Addr string // host:port on loopback
	cmd  *exec.Cmd
	args []string
}

// Server starts a redis-server on a free loopback port without persistence, stopped
// with the test. args are added to its command line. The test fails if redis-server is
// not installed.
func Server(t testing.TB, args ...string) *Process {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is not installed: apt-get install redis-server, or run make test, which does")
	}
	p := &Process{args: append([]string{"--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)}
	t.Cleanup(p.Stop)
	// The port found free may be taken before redis-server binds it: try another.
	var err error
	for range 5 {
		p.Addr = freeAddr(t)
		if err = p.Start(); err == nil {
			return p
		}
	}
	t.Fatal(err)
	return nil
}

// Start starts the server, again after [Process.Stop], on the same port, and returns
// once it accepts connections.
func (p *Process) Start() error {
	host, port, _ := net.SplitHostPort(p.Addr)
	p.cmd = exec.Command("redis-server", append([]string{"--port", port, "--bind", host}, p.args...)...)
	p.cmd.SysProcAttr = dieWithParent()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start redis-server: %w", err)
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		lines = append(lines, s.Text())
		if strings.Contains(s.Text(), "eady to accept connections") {
			go func() { // keep the pipe empty, or the server blocks on it
				for s.Scan() {
				}
			}()
			return p.ping()
		}
	}
	_ = p.cmd.Wait()
	p.cmd = nil
	return fmt.Errorf("redis-server did not start:\n%s", strings.Join(lines, "\n"))
}

func (p *Process) ping() error {
	client := redis.NewClient(&redis.Options{Addr: p.Addr})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		err := client.Ping(ctx).Err()
		// A server that needs a password or TLS answers with an error: it is up.
		if err == nil || strings.Contains(err.Error(), "NOAUTH") || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// Stop kills the server. Stopping a stopped server does nothing.
func (p *Process) Stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Kill)
	_ = p.cmd.Wait()
	p.cmd = nil
}

// Arg returns the value of one of the server's own arguments.
func (p *Process) Arg(name string) string {
	for i, a := range p.args[:len(p.args)-1] {
		if a == name {
			return p.args[i+1]
		}
	}
	return ""
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
