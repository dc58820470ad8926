package program

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"switchyard/internal/program/keeper"
)

// TestAKeeperDoesNotWaitForWhatAWorkerNeeds looks at what is initialised before a keeper is
// at work. There is more before it in a worker, but nothing that takes long: see
// BenchmarkStart.
func TestAKeeperDoesNotWaitForWhatAWorkerNeeds(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Args, cmd.Env = []string{keeper.Marker}, []string{"GODEBUG=inittrace=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, late := range []string{"init unicode ", "init fmt ", "init net ", "init testing "} {
		if strings.Contains(string(out), late) {
			t.Errorf("it waits for %s", late)
		}
	}
}

// BenchmarkStart measures what a keeper costs: /bin/true from its start to its end, without
// and with one.
func BenchmarkStart(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command("/bin/true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			p, err := Start(exec.Command("/bin/true"), Bounds{})
			if err == nil {
				err = p.Wait(context.Background(), 0)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
