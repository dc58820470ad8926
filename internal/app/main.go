package app

import (
	"go.uber.org/zap"

	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/program"
	"switchyard/internal/redact"
)

// Main conceals this process, which has secrets in its environment and its memory, loads the
// configuration, to which override applies a command's own flags, makes the log, and runs a
// daemon.
func Main(f config.Flags, override func(*config.Config), run func(config.Config, *zap.Logger) error) error {
	if err := program.Conceal(); err != nil {
		return err
	}
	c, err := f.Load(override)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	log, err := daemon.NewLogger(c.Log.Level, c.Log.Format)
	if err != nil {
		return err
	}
	if c.Redis.From == config.PlatformVariable {
		log.Info("no setting names redis: the variable of the platform does", zap.String("variable", config.PlatformVariable), zap.String("redis", redact.URL(c.Redis.URL)))
	}
	return run(c, log)
}
