package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

const (
	// orderVariable holds the order of a daemon process, as JSON.
	orderVariable = "FAULTS_ORDER"
	// nameVariable holds its name once more, for scholars to tell the model as their key.
	nameVariable = "FAULTS_NAME"
)

// order is what a daemon process is to do.
type order struct {
	Name      string        // in the record
	Record    string        // socket of the test process
	Redis     string        // URL
	Drain     time.Duration // from SIGTERM to handing back
	Schedules bool          // it is a scheduler; else a worker
	World     string        // file in which its clerks write
	Model     string        // URL of the model that its scholars ask; with neither it does errands

	program string // the test binary of another release, "" for this one
}

// serve is the main function of a daemon process: the daemon as it is shipped, but for
// its kinds, until a signal stops it.
func serve(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("%s: %w", orderVariable, err)
	}
	log, err := daemon.NewLogger("info", daemon.FormatJSON)
	if err != nil {
		return err
	}
	system, err := o.open(log)
	if err != nil {
		return err
	}
	defer func() { _ = system.Close() }()
	listener, err := daemon.Listen(system.Config.Worker.Listen)
	if err != nil {
		return err
	}
	if err := greet(o.Record, o.Name, listener.Addr().String()); err != nil {
		return err
	}
	stop, release := daemon.Signals(o.Drain)
	defer release()
	run, checks, err := o.work(system)
	if err != nil {
		return err
	}
	serving, endServing := context.WithCancel(context.Background())
	defer endServing()
	var endpoint errgroup.Group
	endpoint.Go(func() error {
		checks = append(checks, daemon.Check{Name: "redis", Test: system.Cache.Check})
		return daemon.Serve(serving, listener, daemon.FewConnections, daemon.Endpoint(system.Metrics, checks...), log)
	})
	err = run(stop)
	endServing()
	return errors.Join(err, endpoint.Wait())
}

// open puts together the system that the order is about.
func (o order) open(log *zap.Logger) (*app.System, error) {
	c := configuration(o.Redis, o.Drain)
	switch {
	case o.World != "":
		hireClerks(&c, o.World, o.Name)
	case o.Model != "":
		hireScholars(&c, o.Model)
	}
	if o.World == "" && o.Model == "" {
		return app.Open(c, log, errands(recorder{o.Record, o.Name})...)
	}
	return app.Open(c, log)
}

// work returns what the daemon runs, and its readiness.
func (o order) work(s *app.System) (run func(daemon.Stop) error, checks []daemon.Check, err error) {
	if o.Schedules {
		scheduler := app.NewScheduler(s)
		return scheduler.Run, scheduler.Checks(), nil
	}
	worker, err := app.NewWorker(s, s.Config.Queues)
	if err != nil {
		return nil, nil, err
	}
	return worker.Run, worker.Checks(), nil
}

// configuration is the default one. Tasks may be lost as often as the faults have it:
// what happens to one that kills its workers is not the question here. Those of ticks
// are gone once they are done, so that nothing but the schedule keeps a tick from being
// enqueued again.
func configuration(redis string, drain time.Duration) config.Config {
	c := config.Default()
	c.Redis.URL = redis
	c.Worker.Listen = "127.0.0.1:0"
	c.Worker.Drain = drain
	c.Scheduler.ClaimLease = claimLease
	c.Scheduler.Batch = 3 // many round trips, in each of which a fault may land
	c.Webhooks = config.Webhooks{Secret: toldSecret, AllowPrivate: true}
	c.Policies = map[string]routing.Patch{tickKind: {Retention: new(time.Duration(0))}}
	for _, kind := range kinds {
		c.Policies[kind] = routing.Patch{Losses: new(100)}
	}
	return c
}

// errands are the kinds of the tests, and what performs them.
func errands(r recorder) []tasks.Definition {
	var definitions []tasks.Definition
	for _, kind := range append(kinds, tickKind) {
		definitions = append(definitions, tasks.Define(kind, 1, r.run))
	}
	return definitions
}
