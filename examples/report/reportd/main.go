// Command reportd is the worker that builds reports, and the scheduler and the monitor that know them.
package main

import (
	"cmp"
	"os"

	"report"

	"switchyard"
)

func main() {
	builder := report.Builder{Dir: cmp.Or(os.Getenv("REPORT_DIR"), ".")}
	os.Exit(switchyard.Run(switchyard.Define(builder.Build)))
}
