// Package deploy tests what stands beside it: the rules, the dashboard and the table of metrics, on
// the built daemons and a Prometheus that scrapes them.
package deploy

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"switchyard/test/gobuild"
)

// binaries holds the built commands.
var binaries string

func TestMain(m *testing.M) {
	binaries = gobuild.Commands("switchyard/cmd/...")
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(binaries)
		os.Exit(code)
	}))
}
