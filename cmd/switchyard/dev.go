package main

import (
	"io"

	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/embedded"
)

type devCommand struct {
	Source []string `help:"Page or feed to read instead of the documentation; repeatable." placeholder:"URL" sep:"none"`
	Topic  []string `help:"What the briefing is to be about; repeatable." placeholder:"WORDS" sep:"none"`
	Listen *string  `help:"Address of the monitor." placeholder:"HOST:PORT"`
}

// Run implements the command. What a person is to read goes to standard output, the log
// to standard error; it is kept to warnings unless asked for.
func (cmd devCommand) Run(l *local, out io.Writer) error {
	options := app.DevOptions{Sources: cmd.Source, Topics: cmd.Topic, Out: out}
	override := func(c *config.Config) {
		// What is exported for the daemons may be anybody's, and is not to get the demo's user.
		if c.Redis.From != config.RedisFlag {
			options.Spared, c.Redis = c.Redis, config.Default().Redis
		}
		if l.LogLevel == nil && c.Log.Level == config.Default().Log.Level {
			c.Log.Level = "warn"
		}
		if cmd.Listen != nil {
			c.Monitor.Listen = *cmd.Listen
		}
	}
	return app.Main(*l.Flags, override, func(c config.Config, log *zap.Logger) error {
		if options.Embedded = c.Redis.URL == ""; options.Embedded {
			url, stopRedis, err := embedded.Redis()
			if err != nil {
				return err
			}
			defer stopRedis()
			c.Redis.URL = url
		}
		return app.RunDev(c, options, log)
	})
}
