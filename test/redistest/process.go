package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Process is a private redis-server, or a sentinel.
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
	p, err := launch(func() ([]string, error) { return append(inMemory(t.TempDir()), args...), nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// inMemory is the command line of a server that writes no data to disk.
func inMemory(dir string) []string {
	return []string{"--save", "", "--appendonly", "no", "--dir", dir}
}

// launch starts a server on a free port. The port found free may be taken before the
// server binds it, and so may those that arguments returns: then it tries others.
func launch(arguments func() ([]string, error)) (*Process, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, errors.New("redis-server is not installed: apt-get install redis-server, or run make test, which does")
	}
	var failed error
	for range 5 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		args, err := arguments()
		if err != nil {
			return nil, err
		}
		p := &Process{Addr: net.JoinHostPort(loopback, port), args: args}
		if failed = p.Start(); failed == nil {
			return p, nil
		}
	}
	return nil, failed
}

// Start starts the server, again after [Process.Stop], on the same port, and returns
// once it accepts connections.
func (p *Process) Start() error {
	host, port, _ := net.SplitHostPort(p.Addr)
	p.cmd = exec.Command("redis-server", append(p.args, "--port", port, "--bind", host)...)
	p.cmd.SysProcAttr = dieWithParent()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.cmd.Stderr = p.cmd.Stdout // where it refuses its arguments
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return fmt.Errorf("start redis-server: %w", err)
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		lines = append(lines, s.Text())
		if !up(s.Text()) {
			continue
		}
		// Nobody reads on, so that no goroutine outlives the start. The server does not
		// mind: it ignores SIGPIPE and failed writes to its log.
		_ = out.Close()
		if err := p.answers(); err != nil {
			p.Stop()
			return err
		}
		return nil
	}
	p.Stop()
	return fmt.Errorf("redis-server did not start:\n%s", strings.Join(lines, "\n"))
}

// up tells the line by which a server or a sentinel says that it has started.
func up(line string) bool {
	return strings.Contains(line, "eady to accept connections") || strings.Contains(line, "Sentinel ID is")
}

func (p *Process) answers() error {
	return await(func(ctx context.Context) error {
		return p.ask(func(client *redis.Client) error {
			err := client.Ping(ctx).Err()
			if err != nil && strings.Contains(err.Error(), "NOAUTH") {
				return nil // it is up, and wants a password
			}
			return err
		})
	})
}

// ask lends out a client of the server.
func (p *Process) ask(question func(*redis.Client) error) error {
	client := redis.NewClient(&redis.Options{Addr: p.Addr, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	if err := question(client); err != nil {
		return fmt.Errorf("redis-server at %s: %w", p.Addr, err)
	}
	return nil
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

// Signal sends the server a signal, such as SIGSTOP, which has it hang with its connections
// open, and SIGCONT.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Running reports whether the server was started and not stopped since.
func (p *Process) Running() bool { return p.cmd != nil }

// Arg returns the value of one of the server's own arguments.
func (p *Process) Arg(name string) string {
	for i, a := range p.args[:len(p.args)-1] {
		if a == name {
			return p.args[i+1]
		}
	}
	return ""
}
