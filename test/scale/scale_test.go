// Package scale measures what everything that grows costs Redis: its commands, its time, its memory and
// its connections. It has no tests: run its benchmarks, one at a time, on a quiet machine.
//
//	go test ./test/scale -run xxx -bench . -benchtime 1x
//
// The daemons are the built ones, each a process, on a redis-server of their own. docs/scale.md has the
// figures and what follows from them.
package scale

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

const (
	// settle is what daemons get until they count as idle, span how long they are watched.
	settle = 12 * time.Second
	span   = 20 * time.Second
)

var bin string

func TestMain(m *testing.M) {
	dir, clean, err := commandtest.Dir()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bin = dir
	status := m.Run()
	clean()
	os.Exit(status)
}

// yard is a redis-server and the processes on it.
type yard struct {
	b     *testing.B
	redis *redis.Client
	dir   string
	alone float64 // seconds of a processor that the server takes in a second for itself
}

// settings are those of all daemons: the queue agents has many slots, and an agent that waits.
const settings = `
redis: {url: "redis://%s/0"}
log: {level: error}
queues: {agents: {concurrency: 100, per_user: 2}}
scheduler: {listen: "127.0.0.1:0"}
worker: {listen: "127.0.0.1:0", drain: 1s}
agents:
  waiter: {runtime: exec, command: [/bin/sh, -c, "read line; sleep 300"], env: [PATH]}
`

func newYard(b *testing.B) *yard {
	b.Helper()
	server := redistest.Server(b)
	y := &yard{b: b, redis: redistest.Client(b, server.Addr).(*redis.Client), dir: b.TempDir()}
	if err := os.WriteFile(y.file(), fmt.Appendf(nil, settings, server.Addr), 0o600); err != nil {
		b.Fatal(err)
	}
	before := y.usage()
	time.Sleep(5 * time.Second)
	after := y.usage()
	y.alone = (after.processor - before.processor) / after.at.Sub(before.at).Seconds()
	return y
}

func (y *yard) file() string { return filepath.Join(y.dir, "switchyard.yaml") }

// start runs n processes of a daemon until the benchmark ends.
func (y *yard) start(n int, daemon string, args ...string) {
	y.b.Helper()
	for range n {
		cmd := exec.Command(filepath.Join(bin, daemon), append(args, "--config", y.file())...) //nolint:gosec // what a benchmark says
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			y.b.Fatal(err)
		}
		y.b.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		})
	}
}

// free returns an address where nobody listens.
func free(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// get asks for a page until it is there.
func get(b *testing.B, url string) string {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(url) //nolint:gosec,noctx // of a daemon that this benchmark has started
		if err == nil {
			text, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return string(text)
			}
			err = fmt.Errorf("%s: %s", res.Status, text)
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s: %v", url, err)
		}
	}
}

// usage is what Redis says of itself.
type usage struct {
	commands, inside, out float64 // commands of clients; those within scripts; bytes sent
	processor             float64 // seconds
	memory, connections   float64
	at                    time.Time
}

func (y *yard) usage() usage {
	y.b.Helper()
	info := y.redis.InfoMap(context.Background(), "stats", "cpu", "memory", "clients", "commandstats").Val()
	number := func(section, key string) float64 {
		n, err := strconv.ParseFloat(info[section][key], 64)
		if err != nil {
			y.b.Fatalf("%s of redis is %q", key, info[section][key])
		}
		return n
	}
	u := usage{
		out: number("Stats", "total_net_output_bytes"), processor: number("CPU", "used_cpu_user") + number("CPU", "used_cpu_sys"),
		memory: number("Memory", "used_memory"), connections: number("Clients", "connected_clients"), at: time.Now(),
	}
	u.commands = number("Stats", "total_commands_processed")
	for _, text := range info["Commandstats"] {
		calls, _, _ := strings.Cut(strings.TrimPrefix(text, "calls="), ",")
		n, err := strconv.ParseFloat(calls, 64)
		if err != nil {
			y.b.Fatal(err)
		}
		u.inside += n
	}
	return u
}

// watch reports what n of something cost Redis in a second, beyond what it cost before they were there.
func (y *yard) watch(n int, base usage) {
	y.b.Helper()
	time.Sleep(settle)
	before := y.usage()
	time.Sleep(span)
	after := y.usage()
	seconds := after.at.Sub(before.at).Seconds()
	per := func(figure float64) float64 { return figure / seconds / float64(n) }
	y.b.ReportMetric(per(after.commands-before.commands-1), "commands/s")
	y.b.ReportMetric((per(after.processor-before.processor)-y.alone/float64(n))*1e6, "redis-us/s")
	y.b.ReportMetric(per(after.out-before.out), "B-out/s")
	y.b.ReportMetric((after.connections-base.connections)/float64(n), "connections")
	y.b.ReportMetric((after.memory-base.memory)/float64(n), "B-memory")
	y.b.ReportMetric(0, "ns/op")
}
