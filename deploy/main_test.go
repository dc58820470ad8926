// Package deploy tests what stands beside it: the rules, the dashboard and the table of metrics, on
// the built daemons and a Prometheus that scrapes them.
package deploy

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"switchyard/test/commandtest"
)

// binaries holds the built commands.
var binaries string

func TestMain(m *testing.M) {
	dir, clean, err := commandtest.Dir()
	if err != nil {
		panic(err)
	}
	binaries = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		clean()
		os.Exit(code)
	}))
}
