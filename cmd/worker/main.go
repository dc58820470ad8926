// Command worker consumes queues and performs their tasks.
//
//	worker --redis redis://127.0.0.1:6379/0
//	worker --redis … --queues agents=2
//	worker --redis … --queues scraping=16,briefings=4
//
// SIGTERM or SIGINT stops it: no new task is taken, running ones get worker.drain to
// finish, and those left go back to the front of their queue. A second signal skips the
// wait.
package main

import (
	"github.com/alecthomas/kong"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
)

type flags struct {
	config.Flags
	Queues string  `help:"Queues to consume, each with its concurrency if not the configured one: scraping=16,briefings=4. All if not given." placeholder:"LIST"`
	Listen *string `help:"Address of health and metrics." placeholder:"HOST:PORT"`
}

func main() {
	var f flags
	k := kong.Parse(&f, kong.Name("worker"), kong.Description("Consumes queues and performs their tasks."))
	k.FatalIfErrorf(f.run())
}

func (f flags) run() error {
	c, err := f.Load(func(c *config.Config) {
		if f.Listen != nil {
			c.Worker.Listen = *f.Listen
		}
	})
	if err != nil {
		return err
	}
	queues, err := app.SelectQueues(c, f.Queues)
	if err != nil {
		return err
	}
	log, err := daemon.NewLogger(c.Log.Level, c.Log.Format)
	if err != nil {
		return err
	}
	return app.RunWorker(c, queues, log)
}
