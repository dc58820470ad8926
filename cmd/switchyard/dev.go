package main

import (
	"io"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
)

type devCommand struct {
	Source []string `help:"Page or feed to read instead of the documentation; repeatable." placeholder:"URL" sep:"none"`
	Topic  []string `help:"What the briefing is to be about; repeatable." placeholder:"WORDS" sep:"none"`
	Listen *string  `help:"Address of the monitor." placeholder:"HOST:PORT"`
}

// Run implements the command. What a person is to read goes to standard output, the log
// to standard error; it is kept to warnings unless asked for.
func (cmd devCommand) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(func(c *config.Config) {
		if f.LogLevel == nil {
			c.Log.Level = "warn"
		}
		if cmd.Listen != nil {
			c.Monitor.Listen = *cmd.Listen
		}
	})
	if err != nil {
		return err
	}
	log, err := daemon.NewLogger(c.Log.Level, c.Log.Format)
	if err != nil {
		return err
	}
	return app.RunDev(c, app.DevOptions{Sources: cmd.Source, Topics: cmd.Topic, Out: out}, log)
}
