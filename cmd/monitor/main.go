// Command monitor serves the web pages: asynqmon, briefings, the schedule and the
// documentation.
//
//	monitor --redis redis://127.0.0.1:6379/0 --listen 127.0.0.1:8080
package main

import (
	"github.com/alecthomas/kong"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

type flags struct {
	config.Flags
	Listen *string `help:"Address to serve on. Beyond loopback it takes monitor.users." placeholder:"HOST:PORT"`
}

func main() {
	var f flags
	k := kong.Parse(&f, kong.Name("monitor"), kong.Description("Serves asynqmon, briefings, the schedule and the documentation."), app.Discreet())
	k.FatalIfErrorf(app.Main(f.Flags, f.override, app.RunMonitor))
}

func (f flags) override(c *config.Config) {
	if f.Listen != nil {
		c.Monitor.Listen = *f.Listen
	}
}
