// Package celery has Celery itself judge what is written for it: its clients, run by Python, talk to what
// the tests start.
package celery

import (
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// python is Debian's: it has the packages of Celery.
const python = "/usr/bin/python3"

// judge runs a program of testdata and returns what it prints.
func judge(t *testing.T, environ []string, args ...string) []byte {
	t.Helper()
	if out, err := exec.Command(python, "-c", "import celery, redis").CombinedOutput(); err != nil {
		t.Fatalf("there is no Celery: run make test, which installs it\n%s", out)
	}
	command := exec.CommandContext(t.Context(), python, args...) //nolint:gosec // what a test says
	command.Dir, command.Env = "testdata", append(command.Environ(), environ...)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %v\n%s%s", args, err, out, complaints.String())
	}
	return out
}
