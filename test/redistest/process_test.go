package redistest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFailedStartGivesTheServersOwnWords(t *testing.T) {
	taken := Server(t)
	for want, p := range map[string]*Process{
		"Address already in use": {Addr: taken.Addr, args: inMemory(t.TempDir())},
		"Bad directive":          {Addr: taken.Addr, args: []string{"--nonsense", "1"}},
	} {
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), want) || p.Running() {
			t.Errorf("running: %v; error %v, want one with %q", p.Running(), err, want)
		}
	}
}

func TestAServerStartsAgainAtItsAddress(t *testing.T) {
	server := Server(t, "--appendonly", "yes", "--appendfsync", "always")
	client := Client(t, server.Addr)
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := client.Get(t.Context(), "k").Err(); err == nil {
		t.Fatal("a stopped server answered")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	err := await(func(ctx context.Context) error { return client.Get(ctx, "k").Err() })
	if err != nil {
		t.Error(err)
	}
}

// child is set where this binary runs as a child of one of its tests.
const child = "REDISTEST_CHILD"

func TestSharedServersEndWithTheBinaryEvenAKilledOne(t *testing.T) {
	if os.Getenv(child) != "" {
		sharedSentinel.client(t)
		fmt.Println(sharedSentinel.url)
		<-t.Context().Done() // until killed
	}
	if testing.Short() || dieWithParent() == nil {
		t.Skip("nothing is shared")
	}
	temp := t.TempDir()
	binary := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	binary.Env = append(os.Environ(), child+"=1", "TMPDIR="+temp)
	out, err := binary.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := binary.Start(); err != nil {
		t.Fatal(err)
	}
	url, _ := bufio.NewReader(out).ReadString('\n')
	_ = binary.Process.Kill()
	_ = binary.Wait()

	hosts, found := strings.CutPrefix(url, "redis-sentinel://")
	if !found {
		t.Fatalf("the child says %q", url)
	}
	addr, _, _ := strings.Cut(hosts, ",")
	err = await(func(context.Context) error {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return fmt.Errorf("%s still answers", addr)
		}
		if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
			return fmt.Errorf("left behind: %v", left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
