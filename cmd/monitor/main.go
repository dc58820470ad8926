// Command monitor serves the web pages: asynqmon, briefings, the schedule and the
// documentation.
//
//	monitor --redis redis://127.0.0.1:6379/0 --listen 127.0.0.1:8080
package main

import (
	"github.com/alecthomas/kong"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
)

type flags struct {
	config.Flags
	Listen *string `help:"Address to serve on. Beyond loopback it takes monitor.users." placeholder:"HOST:PORT"`
}

func main() {
	var f flags
	k := kong.Parse(&f, kong.Name("monitor"), kong.Description("Serves asynqmon, briefings, the schedule and the documentation."))
	k.FatalIfErrorf(f.run())
}

func (f flags) run() error {
	c, err := f.Load(func(c *config.Config) {
		if f.Listen != nil {
			c.Monitor.Listen = *f.Listen
		}
	})
	if err != nil {
		return err
	}
	log, err := daemon.NewLogger(c.Log.Level, c.Log.Format)
	if err != nil {
		return err
	}
	return app.RunMonitor(c, log)
}
