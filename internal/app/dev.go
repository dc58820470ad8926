package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/queue"
	"switchyard/internal/redact"
	"switchyard/internal/users"
)

// DevUser is whom dev makes its briefing for.
const DevUser = "you"

// docsTopics are what the first briefing is about when it is made from the project's
// own documentation.
var docsTopics = []string{"schedule ticks", "lost tasks and retries", "Celery migration"}

// DevOptions are the flags of switchyard dev.
type DevOptions struct {
	// Sources are pages and feeds to read instead of the documentation.
	Sources []string
	// Topics are what the briefing is about.
	Topics []string
	// Embedded says that the configured Redis lives in this process and ends with it.
	Embedded bool
	// Spared is the Redis that the configuration or the environment names, and that is left
	// alone; the zero value if there is none, or the command itself names one.
	Spared config.Redis
	// Out gets what a person is to read.
	Out io.Writer
}

// redis says whose Redis is used, and what becomes of it.
func (o DevOptions) redis(c config.Config) string {
	switch {
	case !o.Embedded:
		return fmt.Sprintf("%s, as %s says. It gets the user %q, their schedule and their briefing.", redact.URL(c.Redis.URL), config.RedisFlag, DevUser)
	case o.Spared.URL != "":
		return fmt.Sprintf("an embedded Redis, which forgets everything when this ends. %s, which %s names, is left alone: give it with %s to use it.", redact.URL(o.Spared.URL), o.Spared.From, config.RedisFlag)
	}
	return "an embedded Redis, which forgets everything when this ends."
}

// RunDev runs worker, scheduler and monitor in one process on the configured Redis, and prints a
// first briefing.
func RunDev(c config.Config, o DevOptions, log *zap.Logger) error {
	started := time.Now()
	listener, err := ListenMonitor(c)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	useDevSources(&c, &o, listener.Addr())
	if err := c.Validate(); err != nil {
		return err
	}
	s, err := Open(c, log)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	s.exportProcess("dev")
	s.exportDeployment()
	stop, release := daemon.Signals(c.Worker.Drain)
	defer release()
	d := &dev{system: s, options: o, started: started}
	d.say("Switchyard is starting: worker, scheduler and monitor in one process.\nRedis: %s", o.redis(c))
	return d.run(stop, listener)
}

// useDevSources sets what dev reads: the given sources, or the documentation that its
// own monitor serves. Both may be on this machine.
func useDevSources(c *config.Config, o *DevOptions, monitor net.Addr) {
	c.Fetcher.AllowPrivate = true
	c.Sources = map[string]config.Source{}
	for i, u := range o.Sources {
		c.Sources["source-"+strconv.Itoa(i+1)] = config.Source{URL: u, Every: 15 * time.Minute}
	}
	if len(o.Sources) == 0 {
		// The monitor is no host of others: it may be asked for everything at once.
		c.Fetcher.Politeness.Hosts = map[string]config.HostPoliteness{monitor.String(): {Spacing: new(time.Duration), Concurrency: 100}}
		c.Sources["docs"] = config.Source{URL: "http://" + monitor.String() + "/docs/feed.atom", Every: 15 * time.Minute}
		if len(o.Topics) == 0 {
			o.Topics = docsTopics
		}
	}
}

// dev is one run of switchyard dev.
type dev struct {
	system  *System
	options DevOptions
	started time.Time
}

func (d *dev) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.options.Out, format+"\n", args...)
}

// run runs everything until stop is quiet. Whatever fails stops the rest.
func (d *dev) run(stop daemon.Stop, listener net.Listener) error {
	s := d.system
	ctx, cancel := context.WithCancel(stop.Quiet)
	defer cancel()
	quiet := daemon.Stop{Quiet: ctx, Drain: stop.Drain}
	w, err := NewWorker(s, s.Config.Queues)
	if err != nil {
		return err
	}
	scheduler := NewScheduler(s)
	waiter := queue.NewWaiter(s.Queue)
	this := listed{
		[]string{roleWorker, roleScheduler, roleMonitor}, daemon.NewReadiness(slices.Concat(s.checks(), w.Checks(), scheduler.Checks())),
		w.loads, scheduler.file.Load,
	}
	pages, err := s.NewMonitor(waiter, this.ready.Checks()...)
	if err != nil {
		return err
	}
	serving, endServing := context.WithCancel(context.Background())
	defer endServing()
	var web errgroup.Group
	web.Go(func() error { return daemon.Serve(serving, listener, s.Config.Monitor.Connections, pages, s.Log) })
	web.Go(func() error { waiter.Run(serving); return nil })
	web.Go(func() error { s.countTokens(serving); return nil })
	web.Go(func() error { s.keepListed(serving, ctx, this); return nil })
	parts, _ := errgroup.WithContext(ctx)
	for _, part := range []func(daemon.Stop) error{w.Run, scheduler.Run, d.show} {
		parts.Go(func() error {
			err := part(quiet)
			if err != nil {
				cancel()
			}
			return err
		})
	}
	d.say("Monitor: http://%s/ (asynqmon: http://%[1]s/asynqmon/)", listener.Addr())
	err = parts.Wait()
	endServing()
	err = errors.Join(err, web.Wait())
	if err == nil {
		d.say("Stopped.")
	}
	return err
}

// show makes the first briefing and prints it.
func (d *dev) show(stop daemon.Stop) error {
	ctx := stop.Quiet
	err := d.system.awaitRedis(ctx)
	if err == nil {
		_, err = d.system.Users.Change(ctx, DevUser, func(u *users.User) { u.Topics = d.options.Topics })
	}
	if err == nil {
		err = d.readSources(ctx)
	}
	if err == nil {
		err = d.brief(ctx)
	}
	return orStopped(stop, err)
}
