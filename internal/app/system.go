// Package app puts the packages together: it turns a configuration into a worker, a
// scheduler, a monitor, or all three in one process. Nothing else knows them all.
package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/batches"
	"switchyard/internal/cache"
	"switchyard/internal/celery/ticks"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/daemon"
	"switchyard/internal/deployment"
	"switchyard/internal/documents"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/layout"
	"switchyard/internal/links"
	"switchyard/internal/pages"
	"switchyard/internal/queue"
	"switchyard/internal/rights"
	"switchyard/internal/roster"
	"switchyard/internal/routing"
	"switchyard/internal/schedule"
	"switchyard/internal/series"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tasks/scraping"
	"switchyard/internal/tasks/webhooks"
	"switchyard/internal/telemetry"
	"switchyard/internal/tokens"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// System is everything a process may need, on one shared Redis client.
type System struct {
	Config  config.Config
	Log     *zap.Logger
	Redis   redis.UniversalClient
	Cache   *cache.Cache
	Routing *routing.Table
	Catalog *tasks.Catalog
	Queue   *queue.Client
	// Ticks is where the tasks of the schedule go.
	Ticks     *ticks.Queue
	Schedule  *schedule.Store
	Users     *users.Store
	Documents *documents.Store
	Pages     *pages.Store
	Sources   *sources.Store
	Briefings *briefings.Store
	Links     *links.Store
	// Deployment is the name of the deployment that the system is part of, Channels and Queues
	// what it shares with others on its Redis.
	Deployment string
	Layout     *layout.Mark
	Channels   *deployment.Channels
	Queues     *deployment.Queues
	Events     *events.Log
	Audit      *audit.Log
	Brake      *control.Brake
	Guard      *control.Guard
	Journals   *journal.Store
	Usage      *usage.Book
	Tokens     *tokens.Store
	Batches    *batches.Store
	Series     *series.Store
	Roster     *roster.Store
	Metrics    *prometheus.Registry

	own    []tasks.Definition
	celery *celery // nil: nothing here has to do with it
	traces *telemetry.Traces
	rights *rights.Watch
}

// ErrNoRedis is what a daemon gets that was given no Redis: working on a private memory
// would lose every task at its end.
var ErrNoRedis = command.With(command.Wrong,
	errors.New("redis.url is empty: set it in the configuration, as SWITCHYARD_REDIS_URL or with --redis, such as redis://127.0.0.1:6379/0; only switchyard dev brings its own"))

// Open puts a system together, with kinds of a program's own besides those that come with it. It
// does not speak to Redis yet. The caller closes it.
func Open(c config.Config, log *zap.Logger, own ...tasks.Definition) (*System, error) {
	if c.Redis.URL == "" {
		return nil, ErrNoRedis
	}
	traces, err := telemetry.Open(log)
	if err != nil {
		return nil, err
	}
	return open(c, log, traces, own...)
}

// open is Open with traces that are the system's from then on.
func open(c config.Config, log *zap.Logger, traces *telemetry.Traces, own ...tasks.Definition) (*System, error) {
	client, err := cache.Connect(c.RedisOptions())
	if err != nil {
		return nil, errors.Join(err, traces.Close())
	}
	s := &System{
		Config:    c,
		Log:       log,
		Redis:     client,
		Cache:     cache.New(client, c.Redis.Prefix+"cache:", c.Cache.TTL),
		Schedule:  schedule.NewStore(client, c.Redis.Prefix),
		Documents: documents.New(client, c.Redis.Prefix, c.Documents.TTL, time.Now),
		Briefings: briefings.NewStore(client, c.Redis.Prefix, briefings.Keep{For: c.Briefings.Keep, PerUser: c.Briefings.PerUser}),
		Links:     links.NewStore(client, c.Redis.Prefix),
		Audit:     audit.NewLog(client, c.Redis.Prefix),
		Usage:     usage.NewBook(client, c.Redis.Prefix, c.UserDay, time.Now),
		Tokens:    tokens.NewStore(client, c.Redis.Prefix, time.Now),
		Series:    series.NewStore(client, c.Redis.Prefix),
		Roster:    roster.NewStore(client, c.Redis.Prefix),
		Metrics:   prometheus.NewRegistry(),
		Layout:    layout.NewMark(client, c.Redis.Prefix, command.ThisVersion().Release),
		traces:    traces,
		own:       own,
	}
	s.serveAs(rights.Everybody)
	s.Deployment = nameOf(c, client)
	s.Channels = deployment.NewChannels(client, s.Deployment, c.Control.Channels, log)
	s.Queues = deployment.NewQueues(client, s.Deployment, log)
	s.Events = events.NewLog(client, c.Redis.Prefix, s.Deployment)
	s.Brake = control.NewBrake(client, c.Redis.Prefix, s.Events)
	s.Guard = control.NewGuard(s.Brake, log)
	s.Journals = journal.NewStore(client, s.Brake, c.Redis.Prefix)
	s.Users = users.NewStore(s.Schedule)
	s.Schedule.Noting = s.noteEntry
	s.Users.Noting = func(ctx context.Context) { s.Layout.Note(ctx, layout.Editions) }
	s.Pages = pages.New(client, c.Redis.Prefix, c.Documents.TTL, time.Now)
	s.Sources = sources.New(client, c.Redis.Prefix, s.Schedule, s.Pages)
	if err := s.wire(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Batches = batches.NewStore(client, c.Redis.Prefix, s.Queue, c.Tasks.MaxPayload)
	return s, nil
}

// wire makes what sends tasks: the table, the kinds and the queue's client.
func (s *System) wire() error {
	var err error
	if s.Routing, err = s.Config.Table(); err != nil {
		return err
	}
	kinds, err := agents.Kinds(s.Config.Agents)
	if err != nil {
		return err
	}
	kinds = slices.Concat(kinds, scraping.Kinds(), briefings.Kinds(), webhooks.Kinds())
	for _, own := range s.own {
		kinds = append(kinds, own.Kind)
	}
	for name, k := range remoteKinds(s.Config) {
		kinds = append(kinds, k.Define(name))
	}
	if s.Catalog, err = tasks.NewCatalog(s.Config.Tasks.MaxPayload, kinds...); err != nil {
		return err
	}
	s.Catalog = s.Catalog.Without(slices.Collect(maps.Keys(s.Config.Celery.Performs()))...)
	s.Queue = queue.NewClient(s.Redis, s.Routing, s.Catalog, s.Config.QueueNames(), s.traces)
	s.Queue.NoteTo(s.Layout)
	s.Queue.LimitTurns(s.turns())
	if s.celery, err = s.openCelery(); err != nil {
		return err
	}
	s.Ticks = ticks.NewQueue(s.Queue, s.celery.sender())
	return nil
}

// Operator returns who pauses and resumes users.
func (s *System) Operator() *control.Operator {
	return &control.Operator{Brake: s.Brake, Runner: s.Queue, Audit: s.Audit}
}

// Close closes the connections to Redis, and sends the last spans.
// A collector that is away is said in the log, and is no reason to fail.
func (s *System) Close() error {
	if err := s.traces.Close(); err != nil {
		s.Log.Warn("traces are lost", zap.Error(err))
	}
	if err := errors.Join(s.celery.close(), s.Channels.Close(), s.Redis.Close()); err != nil {
		return fmt.Errorf("close redis: %w", err)
	}
	return nil
}

// awaitRedis returns once Redis answers and lets us do what we do, and warns of settings that lose
// tasks.
func (s *System) awaitRedis(ctx context.Context) error {
	if err := daemon.AwaitRedis(ctx, s.Cache, s.Log); err != nil {
		return err
	}
	if err := s.awaitRights(ctx); err != nil {
		return err
	}
	if err := s.claimLayout(ctx); err != nil {
		return err
	}
	if policy := cache.Evicts(ctx, s.Redis); policy != "" {
		s.Log.Warn("redis may evict waiting tasks and schedule entries: set maxmemory-policy noeviction", zap.String("maxmemory-policy", policy))
	}
	// A Redis that goes away again just now is waited for where it is used.
	if skew, err := cache.Skew(ctx, s.Redis); err == nil && skew.Abs() > maxSkew {
		s.Log.Warn("this machine's clock differs from redis's: delayed tasks, deadlines and ticks are off by as much; leases are not, they go by redis's: see to the time service", zap.Duration("ahead", skew.Round(time.Millisecond)))
	}
	return nil
}

// maxSkew is the difference between the clocks that nobody notices.
const maxSkew = time.Second
