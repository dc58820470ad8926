// Command switchyard is for people: it shows the system at work, sends tasks, changes
// the schedule and the users, and explains the routing.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/redact"
)

type cli struct {
	config.Flags

	Dev      devCommand      `cmd:"" help:"Run everything in one process and make a first briefing, on an embedded Redis unless --redis names one."`
	Enqueue  enqueueCommand  `cmd:"" help:"Send a task."`
	Task     taskCommand     `cmd:"" help:"List, show, cancel, run, replay and delete tasks."`
	Queue    queueCommand    `cmd:"" help:"List, pause and resume queues."`
	Schedule scheduleCommand `cmd:"" help:"Change and show the schedule."`
	Pause    pauseCommand    `cmd:"" help:"Stop a user's agents at once, and hold what waits for them."`
	Resume   resumeCommand   `cmd:"" help:"Let a user's agents go on."`
	Status   statusCommand   `cmd:"" help:"Show what a user's agents do, or everyone who is paused."`
	Audit    auditCommand    `cmd:"" help:"Show who has paused, resumed, decided, run and deleted what."`
	Run      runCommand      `cmd:"" help:"Show an agent's run."`
	Approve  approveCommand  `cmd:"" help:"Have the step of a run that waits for a person done."`
	Reject   rejectCommand   `cmd:"" help:"Have it not done, and the run go on."`
	Usage    usageCommand    `cmd:"" help:"Show what agents have spent on models, by user, day and agent."`
	User     userCommand     `cmd:"" help:"Set what a user is briefed about."`
	Route    routeCommand    `cmd:"" help:"Explain where a kind goes."`
	Bench    benchCommand    `cmd:"" help:"Measure this system beside plain asynq."`
	Settings configCommand   `cmd:"" name:"config" help:"Check and print the configuration."`
	Password passwordCommand `cmd:"" name:"hash-password" help:"Read a password from standard input and print its hash, for monitor.users."`

	BenchAsynqWorker    benchAsynqWorker    `cmd:"" hidden:""`
	BenchAsynqScheduler benchAsynqScheduler `cmd:"" hidden:""`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("switchyard"),
		kong.Description("Background tasks for agents, briefings and scraping."),
		kong.ShortUsageOnError(),
		app.Discreet(),
		kong.TypeMapper(reflect.TypeFor[time.Time](), kong.MapperFunc(readTime)),
		kong.BindTo(redact.Process.Writer(os.Stdout), (*io.Writer)(nil)),
		kong.Bind(&c.Flags))
	k.FatalIfErrorf(k.Run())
}

// withSystem runs do against the configured Redis. Ctrl-C cancels its context.
func withSystem(f *config.Flags, do func(ctx context.Context, s *app.System) error) error {
	return withBrake(f, func(ctx context.Context, s *app.System) error {
		if err := s.Reach(ctx); err != nil {
			return err
		}
		return do(ctx, s)
	})
}

// withBrake is withSystem for what must not fail because some of Redis is away that it does
// not need.
func withBrake(f *config.Flags, do func(ctx context.Context, s *app.System) error) error {
	return app.Main(*f, nil, func(c config.Config, log *zap.Logger) error {
		s, err := app.Open(c, log)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return do(ctx, s)
	})
}

// printJSON writes v indented, for people and programs alike.
func printJSON(out io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, string(raw))
	return err
}
