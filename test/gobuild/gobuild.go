// Package gobuild builds the commands that tests run, so that they run what an operator runs.
package gobuild

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Commands builds commands of this module, given as go build takes them, into a new directory. It is
// for a TestMain, which has no test to fail: it panics with what the compiler says. The caller
// removes the directory.
func Commands(packages ...string) (dir string) {
	dir, err := os.MkdirTemp("", "switchyard-test-")
	if err != nil {
		panic(err)
	}
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, packages...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil { //nolint:gosec // our own packages
		_ = os.RemoveAll(dir)
		panic(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	return dir
}
