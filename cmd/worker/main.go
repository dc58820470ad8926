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
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

type flags struct {
	config.Flags
	Queues string  `help:"Queues to consume, each with its concurrency if not the configured one: scraping=16,briefings=4. All if not given." placeholder:"LIST"`
	Listen *string `help:"Address of health and metrics." placeholder:"HOST:PORT"`
}

func main() {
	var f flags
	k := kong.Parse(&f, kong.Name("worker"), kong.Description("Consumes queues and performs their tasks."), app.Discreet())
	k.FatalIfErrorf(app.Main(f.Flags, f.override, f.run))
}

func (f flags) override(c *config.Config) {
	if f.Listen != nil {
		c.Worker.Listen = *f.Listen
	}
}

func (f flags) run(c config.Config, log *zap.Logger) error {
	queues, err := app.SelectQueues(c, f.Queues)
	if err != nil {
		return err
	}
	return app.RunWorker(c, queues, log)
}
