package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary another process of a test.
const roleVariable = "PROGRAM_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "worker":
		beWorker()
	case "concealed":
		beConcealed()
	case "own directory":
		beStubborn()
	case "check":
		beChecker()
	default:
		goleak.VerifyTestMain(m)
	}
}

// sh returns a command of the shell, whose output is kept.
func sh(script string) (*exec.Cmd, *bytes.Buffer) {
	cmd, out := exec.Command("/bin/sh", "-c", script), new(bytes.Buffer)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{"PATH=" + os.Getenv("PATH")}, out, out
	return cmd, out
}

// run runs a script within bounds to its end, and returns what it wrote.
func run(t *testing.T, b Bounds, script string) (string, error) {
	t.Helper()
	cmd, out := sh(script)
	p, err := Start(cmd, b)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Wait(t.Context(), 0)
	return strings.TrimSpace(out.String()), err
}

// awaitGone waits until the process whose number is in a file has ended.
func awaitGone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	const within = 10_000 // milliseconds
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, within)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Poll(poll, within)
	}
	if n != 1 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Fatalf("process %d of %s lives: %v", pid, filepath.Base(file), err)
	}
}

// stray is a process that has left its parent, its group and its session, and hears nothing.
// It writes its number to the file stray.
const stray = `setsid sh -c '(trap "" TERM HUP INT QUIT USR1; sh -c "echo \$PPID" > new; mv new stray; while :; do sleep 1000; done) &' & until [ -e stray ]; do :; done; `

func TestAProgramEndsAsItSays(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0": "<nil>", "exit 3": "exit status 3", "kill -9 $$": "signal: killed", "kill -15 $$": "signal: terminated", "kill -11 $$": "signal: segmentation fault",
	} {
		if _, err := run(t, Bounds{}, script); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}

func TestAProgramThatCannotStartSaysWhy(t *testing.T) {
	for _, tc := range []struct {
		path, dir, want string
		err             error
	}{
		{"/no/such/program", "", "start: execute /no/such/program: no such file or directory", syscall.ENOENT},
		{"/etc/passwd", "", "start: execute /etc/passwd: permission denied", syscall.EACCES},
		{"/bin/true", "/no/such/dir", "start: chdir /no/such/dir: no such file or directory", syscall.ENOENT},
		{"/no\nended 0", "", "start: execute /no\nended 0: no such file or directory", syscall.ENOENT},
		{"no-such-name", "", `start: exec: "no-such-name": executable file not found in $PATH`, exec.ErrNotFound},
	} {
		cmd := exec.Command(tc.path)
		cmd.Dir = tc.dir
		_, err := Start(cmd, Bounds{})
		var start *StartError
		if !errors.As(err, &start) || err.Error() != tc.want || !errors.Is(err, tc.err) || start.Passes() {
			t.Errorf("%q: error %q, want the lasting one %q", tc.path, err, tc.want)
		}
	}
}

func TestNothingIsLeftOfAProgramThatHasEnded(t *testing.T) {
	for name, end := range map[string]string{"well": "exit 0", "badly": "exit 1", "killed": "kill -9 $$"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, _ = run(t, Bounds{}, "cd "+dir+"; "+stray+end)
			awaitGone(t, filepath.Join(dir, "stray"))
		})
	}
}

func TestAProgramIsAskedBeforeItIsKilled(t *testing.T) {
	for name, tc := range map[string]struct {
		script, said string
		err          string
	}{
		"it hears":      {`exec 2>/dev/null; trap 'echo asked; exit 0' TERM; touch ready; while :; do sleep 0.01; done`, "asked", "<nil>"},
		"it does not":   {`trap '' TERM; touch ready; while :; do sleep 0.01; done`, "", "signal: killed"},
		"its own group": {`touch ready; exec setsid -w sh -c 'trap "" TERM; sleep 1000'`, "", "signal: terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd, out := sh(stray + tc.script)
			cmd.Dir = dir
			p, err := Start(cmd, Bounds{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				awaitFile(t, filepath.Join(dir, "ready"))
				cancel()
			}()
			err = p.Wait(ctx, 300*time.Millisecond)
			if got := strings.TrimSpace(out.String()); got != tc.said || fmt.Sprint(err) != tc.err {
				t.Errorf("said %q, ended with %v; want %q and %s", got, err, tc.said, tc.err)
			}
			awaitGone(t, filepath.Join(dir, "stray"))
		})
	}
}

// TestAProgramThatForksIsCaught has one whose processes fork and end all the time, so that each
// is gone when one looks for it.
func TestAProgramThatForksIsCaught(t *testing.T) {
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	const comets = `import os, signal
for comet in range(5):
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork(): os._exit(0)`
	p, err := Start(exec.Command(python, "-c", comets), Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(t.Context(), 0); err != nil { // it returns when they are all gone
		t.Error(err)
	}
}

func awaitFile(t *testing.T, file string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("no %s after 20s", file)
			return
		}
	}
}

func TestAProgramHasTheFilesOfAPlainOne(t *testing.T) {
	const script = `ls /proc/self/fd | sort -n | tr '\n' ' '; ulimit -Sn; ulimit -Hn; grep -E 'SigIgn|SigBlk' /proc/self/status`
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // or the plain one ignores it where this test does, as under nohup
	defer signal.Stop(hangups)
	plain, out := sh(script)
	if err := plain.Run(); err != nil {
		t.Fatal(err)
	}
	got, err := run(t, Bounds{}, script)
	if want := strings.TrimSpace(out.String()); err != nil || got != want {
		t.Errorf("open files, their limits and signals %q, %v; want %q", got, err, want)
	}
}
