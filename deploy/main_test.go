// Package deploy tests what stands beside it: the rules, the dashboard and the table of metrics, on
// the built daemons and a Prometheus that scrapes them.
package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// binaries holds the built commands.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "switchyard-deploy-")
	if err != nil {
		panic(err)
	}
	binaries = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "switchyard/cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}
