package program

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAProgramCannotLookAtItsWorker runs programs as the user of this process, which does not
// conceal itself: what holds is that they have no privileges and are in a domain of Landlock.
func TestAProgramCannotLookAtItsWorker(t *testing.T) {
	needLandlock(t, 1)
	got, _ := run(t, Bounds{}, fmt.Sprintf("cat /proc/%d/environ; cat /proc/$PPID/environ; head -c1 /proc/%[1]d/mem", os.Getpid()))
	if strings.Contains(got, "PATH=") || strings.Count(got, "Permission denied") != 3 {
		t.Errorf("it saw %q, want three times permission denied", got)
	}
}

func TestAProgramCannotSignalItsWorker(t *testing.T) {
	needLandlock(t, 6)
	got, _ := run(t, Bounds{}, fmt.Sprintf("kill -0 %d; kill -0 $PPID; sleep 1000 & kill $! && echo its own", os.Getpid()))
	if strings.Count(got, "Operation not permitted") != 2 || !strings.HasSuffix(got, "its own") {
		t.Errorf("it said %q, want twice that it is not permitted, and its own", got)
	}
}

func needLandlock(t *testing.T, abi int) {
	t.Helper()
	if has := landlockVersion(); has < abi {
		t.Skipf("this kernel has Landlock of version %d, not %d", has, abi)
	}
}

func TestAProgramReachesOnlyThePathsThatItIsAllowed(t *testing.T) {
	needLandlock(t, abiPaths)
	dir := t.TempDir()
	for _, name := range []string{"read", "write", "neither"} {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, name), 0o700), os.WriteFile(filepath.Join(dir, name, "file"), []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	b := Bounds{OwnDir: true, Allow: Allow{Read: []string{"/usr", "/bin", "/lib", "/lib64", filepath.Join(dir, "read")}, Write: []string{filepath.Join(dir, "write")}}}
	b.Allow.Read = existing(b.Allow.Read)
	got, err := run(t, b, `cd `+dir+`/read 2>/dev/null; for d in read write neither; do for what in "cat" "echo new >" "truncate -s0"; do sh -c "$what `+dir+`/$d/file" >/dev/null 2>&1 && echo "$d $what"; done; done; cd - >/dev/null; echo mine > mine && cat mine; cat /etc/passwd /proc/1/status 2>/dev/null | head -1; echo > /dev/null && echo null`)
	if want := "read cat\nwrite cat\nwrite echo new >\nwrite truncate -s0\nmine\nnull"; err != nil || got != want {
		t.Errorf("it could %q, %v; want %q", got, err, want)
	}
}

func existing(paths []string) []string {
	var there []string
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			there = append(there, path)
		}
	}
	return there
}

func TestAProgramReachesOnlyThePortsThatItIsAllowed(t *testing.T) {
	needLandlock(t, abiPorts)
	var ports []uint16
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, uint16(l.Addr().(*net.TCPAddr).Port))
	}
	python := `import socket
for port in (%d, %d):
    try: socket.create_connection(("127.0.0.1", port)).close(); print("reached")
    except PermissionError: print("refused")
try: socket.socket().bind(("127.0.0.1", 0)); print("bound")
except PermissionError: print("refused")`
	cmd, out := sh("")
	cmd.Path, cmd.Args = "/usr/bin/python3", []string{"python3", "-c", fmt.Sprintf(python, ports[0], ports[1])}
	if _, err := os.Stat(cmd.Path); err != nil {
		t.Skip("there is no python3")
	}
	allowed := ports[:1]
	p, err := Start(cmd, Bounds{Allow: Allow{Connect: &allowed, Listen: new([]uint16)}})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Wait(t.Context(), 0)
	if got, want := out.String(), "reached\nrefused\nrefused\n"; err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
