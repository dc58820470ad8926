// Package commandtest has the commands as they are built, for tests that run what an operator runs.
package commandtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Variable names the directory in which the commands have been built. It has not the form of a
// setting, so that the commands of a test may inherit it.
const Variable = "COMMANDS_BUILT_IN"

// Dir returns the directory of the commands. Where the environment names it, as make test does, nothing
// is built: the go command counts what a TestMain takes against the time limit of the tests. Otherwise
// they are built as by make build, whose cache serves, into a directory that clean removes.
func Dir() (dir string, clean func(), err error) {
	if dir := os.Getenv(Variable); dir != "" {
		for _, name := range []string{"worker", "scheduler", "monitor", "switchyard", "switchyard-bench"} {
			// This also has the go command run the tests again if a command has changed.
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				return "", nil, fmt.Errorf("%s is %s, and a command is missing there: run make build, or unset the variable: %w", Variable, dir, err)
			}
		}
		return dir, func() {}, nil
	}
	dir, err = os.MkdirTemp("", "switchyard-commands-")
	if err != nil {
		return "", nil, err
	}
	clean = func() { _ = os.RemoveAll(dir) }
	if err := Build(dir, "switchyard/cmd/...", "switchyard/bench/switchyard-bench"); err != nil {
		clean()
		return "", nil, err
	}
	return dir, clean, nil
}

// Build builds commands into a directory as make build does. It takes flags of go build, then packages.
func Build(dir string, args ...string) error {
	build := exec.Command("go", append([]string{"build", "-trimpath", "-o", dir + string(filepath.Separator)}, args...)...) //nolint:gosec // what a test says
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %v: %w\n%s", args, err, out)
	}
	return nil
}
