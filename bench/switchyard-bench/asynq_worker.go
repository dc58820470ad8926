package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"switchyard/bench"
	"switchyard/internal/app"
	"switchyard/internal/cache"
	"switchyard/internal/config"
)

// asynqWorkerCommand is the worker process of plain asynq that the bench starts.
type asynqWorkerCommand struct {
	Queues []string `help:"Queues to consume." required:""`
	Slots  int      `default:"10"`
}

// Run implements the command.
func (cmd asynqWorkerCommand) Run(f *config.Flags) error {
	return app.Main(*f, nil, func(c config.Config, _ *zap.Logger) error {
		client, err := cache.Connect(c.RedisOptions())
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }()
		ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer release()
		return bench.RunAsynqWorker(ctx, client, cmd.Queues, cmd.Slots)
	})
}
