package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// masterName is what the sentinels call the master they watch.
const masterName = "mymaster"

// Sentinel is a master with two replicas, watched by three sentinels of which two decide.
type Sentinel struct {
	URL       string     // redis-sentinel://host:port,.../mymaster
	Servers   []*Process // the master, whichever it is, and its replicas
	Sentinels []*Process
}

// downAfter is after how long without an answer a server counts as down. A busy machine
// keeps one waiting for seconds; a second failover, for a master that was merely slow, would
// take acknowledged writes along.
const downAfter = 6 * time.Second

// StartSentinel starts a master, its replicas and their sentinels on free loopback ports,
// without persistence, stopped with the test. A replica takes over from the master some
// seconds after that is stopped, and at once with [Sentinel.FailOver]. args are added to the command line of each server.
func StartSentinel(t testing.TB, args ...string) *Sentinel {
	t.Helper()
	s, err := startSentinel(t.TempDir(), downAfter, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// startSentinel starts a group whose master counts as down after the timeout.
func startSentinel(dir string, timeout time.Duration, args ...string) (*Sentinel, error) {
	s := new(Sentinel)
	err := s.launchServers(dir, args)
	if err == nil {
		err = s.launchSentinels(dir, timeout)
	}
	if err == nil {
		err = await(s.check)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start Redis under Sentinel: %w", err)
	}
	return s, nil
}

func (s *Sentinel) stop() {
	for _, p := range s.Sentinels {
		p.Stop()
	}
	for _, p := range s.Servers {
		p.Stop()
	}
}

// launchServers starts the master and its replicas, in sync.
func (s *Sentinel) launchServers(dir string, args []string) error {
	for n := range 3 {
		own := filepath.Join(dir, "server-"+strconv.Itoa(n))
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		server, err := launch(func() ([]string, error) { return append(replicating(own), args...), nil })
		if err != nil {
			return err
		}
		s.Servers = append(s.Servers, server)
		if n == 0 {
			continue
		}
		host, port, _ := net.SplitHostPort(s.Servers[0].Addr)
		err = server.ask(func(client *redis.Client) error {
			return client.Do(context.Background(), "REPLICAOF", host, port).Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// launchSentinels starts the sentinels. Each keeps what it learns in its configuration
// file, as sentinels must.
func (s *Sentinel) launchSentinels(dir string, timeout time.Duration) error {
	host, port, _ := net.SplitHostPort(s.Servers[0].Addr)
	config := fmt.Sprintf(`
sentinel monitor %[1]s %[2]s %[3]s 2
sentinel down-after-milliseconds %[1]s %[4]d
sentinel failover-timeout %[1]s 3000
`, masterName, host, port, timeout.Milliseconds())
	var addrs []string
	for n := range 3 {
		file := filepath.Join(dir, fmt.Sprintf("sentinel-%d.conf", n))
		sentinel, err := launch(func() ([]string, error) {
			return []string{file, "--sentinel", "--dir", dir}, os.WriteFile(file, []byte(config), 0o600)
		})
		if err != nil {
			return err
		}
		s.Sentinels = append(s.Sentinels, sentinel)
		addrs = append(addrs, sentinel.Addr)
		if err := sentinel.ask(hasten); err != nil {
			return err
		}
	}
	s.URL = "redis-sentinel://" + strings.Join(addrs, ",") + "/" + masterName
	return nil
}

// hasten makes a sentinel talk to the others more often than every two seconds, and look
// at the servers more often than every ten. A busy machine must not make it distrust its
// clock either, upon which it would do nothing for half a minute.
func hasten(client *redis.Client) error {
	return client.Do(context.Background(), "SENTINEL", "DEBUG",
		"publish-period", 200, "info-period", 500, "tilt-trigger", 60_000).Err()
}

// AwaitOK returns once all sentinels know each other and agree on a running master, and
// all other running servers are its replicas, in sync.
func (s *Sentinel) AwaitOK(t testing.TB) {
	t.Helper()
	if err := await(s.check); err != nil {
		t.Fatalf("Redis under Sentinel is not whole: %v", err)
	}
}

// Master returns the server all sentinels name as master, running or not.
func (s *Sentinel) Master(t testing.TB) *Process {
	t.Helper()
	var master *Process
	err := await(func(ctx context.Context) (err error) {
		master, err = s.master(ctx)
		return err
	})
	if err != nil {
		t.Fatalf("find the master: %v", err)
	}
	return master
}

// FailOver kills the master and returns it once all sentinels name another, which serves.
// No acknowledged write is lost by that. Started again the server becomes a replica, for
// which [Sentinel.AwaitOK] waits. For a death that may lose writes, stop the
// [Sentinel.Master] instead.
func (s *Sentinel) FailOver(t testing.TB) *Process {
	t.Helper()
	killed := s.Master(t)
	err := killed.retire()
	if err == nil {
		err = s.Sentinels[0].ask(func(client *redis.Client) error {
			return client.Do(t.Context(), "SENTINEL", "FAILOVER", masterName).Err()
		})
	}
	if err == nil {
		err = await(s.serves)
	}
	if err != nil {
		t.Fatalf("fail over: %v", err)
	}
	return killed
}
