package faults

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"switchyard/internal/layout"
	"switchyard/test/redistest"
)

// refusesWithin is how long an older program may work on what it does not know. 0.1.0 looks every ten seconds,
// and needs a moment to look.
const refusesWithin = 11 * time.Second

// TestAWorkerOfTheLastReleaseRefusesALayoutThatItDoesNotKnow runs it as it was shipped.
func TestAWorkerOfTheLastReleaseRefusesALayoutThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	old := lastRelease(t)
	redis := server(t)
	client := redistest.Client(t, redis.Addr)
	start := func() (ended chan error, said *bytes.Buffer) {
		said = &bytes.Buffer{}
		cmd := exec.Command(old.worker, "--redis", "redis://"+redis.Addr, "--listen", "127.0.0.1:0") //nolint:gosec // built here
		cmd.Dir, cmd.Stderr = t.TempDir(), said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended = make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return ended, said
	}
	refused := func(ended chan error, said *bytes.Buffer) {
		t.Helper()
		began := time.Now()
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(said.String(), "has layout 2, which v9.0.0 began on ") {
				t.Errorf("it ended with %v:\n%s", err, said)
			}
			t.Logf("refused after %s", time.Since(began).Round(time.Millisecond))
		case <-time.After(refusesWithin):
			t.Errorf("it works on after %s", refusesWithin)
		}
	}
	ended, said := start()
	if err := eventually(startWithin, func() bool { return client.ZCard(t.Context(), "asynq:servers").Val() == 1 }); err != nil {
		t.Fatal(err)
	}
	if by := client.HGet(t.Context(), "switchyard:layout", "writes").Val(); by != "1" {
		t.Errorf("it writes layout %q", by)
	}
	// A feature is no reason for it to stop: the mark has fields that it does not know.
	layout.NewMark(client, "switchyard:", "v0.2.0").Note(t.Context(), layout.Editions)
	client.HSet(t.Context(), "switchyard:layout", "reads", 2, "writes", 2, "by", "v9.0.0")
	refused(ended, said)
	refused(start())
}
