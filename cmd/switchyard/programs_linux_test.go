package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sys/unix"

	"switchyard/test/redistest"
)

// startAgents starts a worker process with the agents of a configuration, and sends a task to
// each, named as the agent is.
func startAgents(t *testing.T, config string, environ []string, agents ...string) (*exec.Cmd, *asynq.Inspector) {
	t.Helper()
	server := redistest.Server(t)
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	environ = append(environ, "PATH="+os.Getenv("PATH"), "SWITCHYARD_CONFIG="+file, "SWITCHYARD_REDIS_URL=redis://"+server.Addr)
	worker := exec.Command(filepath.Join(binaries, "worker"), "--queues", "agents", "--listen", "127.0.0.1:0")
	worker.Env, worker.Stderr = environ, os.Stderr
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	})
	for _, agent := range agents {
		enqueue := exec.Command(filepath.Join(binaries, "switchyard"), "enqueue", "agent_"+agent, `{"user":"ada"}`, "--id", agent)
		enqueue.Env = environ
		if out, err := enqueue.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return worker, asynq.NewInspectorFromRedisClient(redistest.Client(t, server.Addr))
}

// TestAProgramReadsNoSecretOfItsWorker has programs look at the environments of their worker
// and their keeper, and at the worker's memory. The secrets are among what is not redacted:
// their names and values are like those of no secret.
func TestAProgramReadsNoSecretOfItsWorker(t *testing.T) {
	_, inspector := startAgents(t, `
routing: [{pattern: "agent_*", queue: agents, policy: {retries: 0}}]
agents:
  look: {runtime: exec, command: [sh, -c, 'w=$(cut -d" " -f4 /proc/$PPID/stat); for p in $PPID $w; do tr "\0" "\n" < /proc/$p/environ; head -c1 /proc/$p/mem; done >&2; exit 3'], env: [PATH]}
`, []string{"PLACE=somewhere"}, "look")
	awaitFailure(t, inspector, "look")
	info, err := inspector.GetTaskInfo("agents", "look")
	if err != nil || strings.Contains(info.LastErr, "somewhere") || strings.Contains(info.LastErr, "SWITCHYARD") || strings.Count(info.LastErr, "ermission denied") != 4 {
		t.Errorf("it saw %s, %v; want four times that it may not", info.LastErr, err)
	}
}

// TestNothingIsLeftOfAKilledWorkersAgents kills a worker whose programs have left their group,
// their session and their parent, and hear nothing.
func TestNothingIsLeftOfAKilledWorkersAgents(t *testing.T) {
	dir := t.TempDir()
	worker, _ := startAgents(t, fmt.Sprintf(`
agents:
  stray:
    runtime: exec
    dir: %s
    env: [PATH]
    command: [sh, -c, 'trap "" TERM HUP INT; setsid sh -c "(trap \"\" TERM HUP INT; sh -c \"echo \\\$PPID\" > new; mv new stray; while :; do sleep 1000; done) &"; sh -c "echo \$PPID" > new2; mv new2 main; while :; do sleep 1000; done']
`, dir), nil, "stray")
	var pidfds []unix.PollFd
	for _, name := range []string{"main", "stray"} {
		fd, err := unix.PidfdOpen(awaitNumber(t, filepath.Join(dir, name)), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		pidfds = append(pidfds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	killed := time.Now()
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for i := range pidfds {
		n, err := unix.Poll(pidfds[i:i+1], int(awaitAtMost.Milliseconds()))
		for errors.Is(err, unix.EINTR) {
			n, err = unix.Poll(pidfds[i:i+1], int(awaitAtMost.Milliseconds()))
		}
		if n != 1 {
			t.Fatalf("a program lives %s after its worker: %v", awaitAtMost, err)
		}
	}
	t.Logf("gone %s after the worker was killed", time.Since(killed).Round(time.Millisecond))
}

func awaitNumber(t *testing.T, file string) int {
	t.Helper()
	for deadline := time.Now().Add(awaitAtMost); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			number, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("no %s", file)
	return 0
}

func TestAWorkerRefusesBoundsThatItCannotKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	const config = "redis: {url: 'redis://127.0.0.1:1'}\nagents: {x: {runtime: exec, command: [/bin/true], user: no-such-user, allow: {read: [/no/such]}}}"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"worker", "--listen", "127.0.0.1:0"}, {"switchyard", "config", "check"}} {
		cmd := exec.Command(filepath.Join(binaries, command[0]), command[1:]...)
		cmd.Env = []string{"SWITCHYARD_CONFIG=" + file}
		out, err := cmd.CombinedOutput()
		for _, want := range []string{`agents.x: allow.read: stat /no/such: no such file or directory`, `user "no-such-user": this system has no user "no-such-user": create it, or name another`} {
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%v: %s, %v; want %s", command, out, err, want)
			}
		}
	}
}
