package bench

import (
	"os/exec"
	"strings"
	"testing"

	"switchyard/test/redistest"
)

func TestAWorkerThatEndsTooEarlyIsQuoted(t *testing.T) {
	r, err := newRun(small(redistest.Client(t, redistest.Server(t).Addr), Memory))
	if err != nil {
		t.Fatal(err)
	}
	r.footprint = &footprint{}
	_, err = r.startWorker(t.Context(), exec.Command("sh", "-c", "echo no such setting >&2; exit 3"), []string{"agents"})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such setting") {
		t.Errorf("error %v, want the status and what it said", err)
	}
}

func TestTheEndOfALongOutputIsKept(t *testing.T) {
	var said tail
	for range 100 {
		_, _ = said.Write([]byte(strings.Repeat("x", 100)))
	}
	_, _ = said.Write([]byte("the end"))
	if text := said.String(); len(text) != tailSize || !strings.HasSuffix(text, "the end") {
		t.Errorf("kept %d bytes, want the last %d", len(text), tailSize)
	}
}

func TestMemoryIsReadFromTheStatusFile(t *testing.T) {
	if got, err := residentIn("Name:\tworker\nVmHWM:\t   40960 kB\nVmRSS:\t   20480 kB\nThreads:\t7\n"); err != nil || got != 20 {
		t.Errorf("%v MiB (%v), want 20", got, err)
	}
	for _, status := range []string{"", "State:\tZ (zombie)\n", "VmRSS:\tmuch kB\n"} {
		if got, err := residentIn(status); err == nil {
			t.Errorf("%q gives %v MiB, want an error", status, got)
		}
	}
}

func TestAPrivateRedisEndsWithItsStop(t *testing.T) {
	url, stop, err := StartRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := redistest.Client(t, strings.TrimPrefix(url, "redis://"))
	if redisVersion(t.Context(), client) == "" {
		t.Error("it does not tell its version")
	}
	stop()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers after its end")
	}
}
