package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"switchyard/internal/layout"
)

// release is the last one that came out, built from its commit.
type release struct {
	dir    string
	faults string // its test binary: the daemons of that release, with errands of today's form
	worker string // its worker, as it was shipped
}

var errNoHistory = errors.New("the last release is not in the history that is here: fetch the whole of it, with its commit " + layout.Last().Commit)

var built = sync.OnceValues(buildRelease)

// lastRelease returns the last release. The test is skipped where its commit is not there.
func lastRelease(t *testing.T) release {
	t.Helper()
	r, err := built()
	if errors.Is(err, errNoHistory) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forgetRelease removes what was built.
func forgetRelease() {
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
}

var builtIn string

func buildRelease() (r release, err error) {
	commit := layout.Last().Commit
	if exec.Command("git", "cat-file", "-e", commit+"^{tree}").Run() != nil { //nolint:gosec // from the table of releases
		return r, errNoHistory
	}
	if builtIn, err = os.MkdirTemp("", "faults-release-"); err != nil {
		return r, err
	}
	r = release{builtIn, filepath.Join(builtIn, "bin", "faults.test"), filepath.Join(builtIn, "bin", "worker")}
	top, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return r, fmt.Errorf("find the repository: %w", err)
	}
	archive := exec.Command("git", "archive", commit) //nolint:gosec // from the table of releases
	archive.Dir = string(bytes.TrimSpace(top))
	tar := exec.Command("tar", "-x", "-C", builtIn)
	if tar.Stdin, err = archive.StdoutPipe(); err != nil {
		return r, err
	}
	if err := errors.Join(tar.Start(), archive.Run(), tar.Wait()); err != nil {
		return r, fmt.Errorf("unpack release %s: %w", layout.Last().Version, err)
	}
	// What its handlers do is ours to say: it is the daemon around them that is tried.
	errand, err := os.ReadFile("errand_test.go")
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(filepath.Join(builtIn, "test", "faults", "errand_test.go"), errand, 0o600); err != nil {
		return r, err
	}
	for _, args := range [][]string{
		{"test", "-c", "-trimpath", "-o", r.faults, "./test/faults"},
		{"build", "-trimpath", "-o", r.worker, "./cmd/worker"},
	} {
		build := exec.Command("go", args...) //nolint:gosec // as above
		build.Dir = builtIn
		if out, err := build.CombinedOutput(); err != nil {
			return r, fmt.Errorf("build release %s: go %v: %w\n%s", layout.Last().Version, args, err, out)
		}
	}
	return r, nil
}
