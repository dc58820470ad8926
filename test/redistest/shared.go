package redistest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// calm is after how long without an answer a shared server counts as down. A machine busy
// with tests must not make it fail over.
const calm = time.Minute

var (
	sharedCluster = shared{start: func(dir string) (string, error) {
		c, err := startCluster(dir, calm)
		if err != nil {
			return "", err
		}
		return c.URL, nil
	}}
	sharedSentinel = shared{start: func(dir string) (string, error) {
		s, err := startSentinel(dir, calm)
		if err != nil {
			return "", err
		}
		return s.URL, nil
	}}
)

// shared is a group of servers for all tests of a binary. It ends with the binary, for
// no test is known to be the last.
type shared struct {
	start func(dir string) (url string, err error)

	turn   sync.Mutex // held by the test that uses the group
	once   sync.Once
	url    string
	broken error
	alive  io.Closer // whose end removes the group's directory
}

// client returns a client of the group, which has been emptied and is the test's alone
// until it ends.
func (s *shared) client(t *testing.T) redis.UniversalClient {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short")
	}
	if dieWithParent() == nil {
		t.Skip("on this system the servers would outlive the tests")
	}
	s.turn.Lock()
	t.Cleanup(s.turn.Unlock)
	s.once.Do(func() { s.broken = s.begin() })
	if s.broken != nil {
		t.Fatalf("the servers shared by these tests did not start: %v", s.broken)
	}
	client := Connect(t, s.url)
	// Scripts stay: no test depends on Redis not knowing one.
	err := cache.EachMaster(t.Context(), client, func(ctx context.Context, master redis.UniversalClient) error {
		return master.FlushAll(ctx).Err()
	})
	if err != nil {
		t.Fatalf("empty the servers shared by these tests: %v", err)
	}
	return client
}

// begin starts the group in a directory that is removed when this process has ended.
func (s *shared) begin() error {
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return err
	}
	if s.alive, err = sweep(dir); err != nil {
		return err
	}
	s.url, err = s.start(dir)
	return err
}

// sweep has dir removed once the returned closer is closed or this process has ended,
// however it did: then the other end of the shell's input is gone.
func sweep(dir string) (io.Closer, error) {
	sh := exec.Command("sh", "-c", `trap "" INT TERM; read _; rm -rf "$0"`, dir)
	alive, err := sh.StdinPipe()
	if err == nil {
		err = sh.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("sweep %s: %w", dir, err)
	}
	return alive, nil
}
