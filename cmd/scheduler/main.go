// Command scheduler enqueues the tasks of the schedule when they are due. Any number of
// schedulers may run on one Redis; each tick is enqueued once.
//
//	scheduler --redis redis://127.0.0.1:6379/0
package main

import (
	"github.com/alecthomas/kong"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

type flags struct {
	config.Flags
	Listen *string `help:"Address of health and metrics." placeholder:"HOST:PORT"`
}

func main() {
	var f flags
	k := kong.Parse(&f, kong.Name("scheduler"), kong.Description("Enqueues the tasks of the schedule when they are due."), app.Discreet())
	k.FatalIfErrorf(app.Main(f.Flags, f.override, app.RunScheduler))
}

func (f flags) override(c *config.Config) {
	if f.Listen != nil {
		c.Scheduler.Listen = *f.Listen
	}
}
