package config

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"switchyard/internal/cache"
	"switchyard/internal/deployment"
	"switchyard/internal/routing"
	"switchyard/internal/schedule"
	"switchyard/internal/web"
)

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.checkRedis(), c.Control.check(), c.checkQueues(), c.checkSizes(), c.checkAddresses()}
	if _, err := c.Table(); err != nil {
		errs = append(errs, err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		if err := c.Models[name].Check(); err != nil {
			errs = append(errs, fmt.Errorf("models.%s: %w", name, err))
		}
	}
	if err := c.UserDay.Check(); err != nil {
		errs = append(errs, fmt.Errorf("user_day: %w", err))
	}
	for _, name := range slices.Sorted(maps.Keys(c.MCPServers)) {
		if err := c.MCPServers[name].Check(); err != nil {
			errs = append(errs, fmt.Errorf("mcp_servers.%s: %w", name, err))
		}
	}
	errs = append(errs, c.checkAgent("briefings.agent", c.Briefings.Agent))
	if c.Briefings.Digest != "" {
		errs = append(errs, c.checkAgent("briefings.digest", c.Briefings.Digest))
	}
	if !slices.Contains([]string{"auto", "json", "console"}, c.Log.Format) {
		errs = append(errs, fmt.Errorf("log.format %q: use auto, json or console", c.Log.Format))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		errs = append(errs, fmt.Errorf("log.level %q: use debug, info, warn or error", c.Log.Level))
	}
	if _, err := c.Monitor.Networks(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.Entries(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkAgent reports that what a key names is no agent.
func (c Config) checkAgent(key, name string) error {
	if _, ok := c.Agents[name]; ok {
		return nil
	}
	return fmt.Errorf("%s %q is not among agents: use one of %s", key, name, strings.Join(slices.Sorted(maps.Keys(c.Agents)), ", "))
}

// maxNamespace bounds the name of a deployment, in bytes.
const maxNamespace = 100

func (c Control) check() error {
	if !slices.Contains([]deployment.Mode{deployment.Auto, deployment.Obey, deployment.Ignore}, c.Channels) {
		return fmt.Errorf("control.channels %q: use auto, obey or ignore", c.Channels)
	}
	if len(c.Namespace) > maxNamespace || strings.ContainsFunc(c.Namespace, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return fmt.Errorf("control.namespace %.100q: use up to %d bytes that can be printed, such as production", c.Namespace, maxNamespace)
	}
	return nil
}

func (c Config) checkRedis() error {
	if c.Redis.PoolSize < 1 || c.Redis.PoolSize > 10000 {
		return fmt.Errorf("redis.pool_size is %d: use 1 to 10000", c.Redis.PoolSize)
	}
	if strings.ContainsAny(c.Redis.Prefix, "{} \n") {
		return fmt.Errorf("redis.prefix %q: leave out braces and white space", c.Redis.Prefix)
	}
	if c.Redis.URL == "" {
		return nil // dev embeds one; the daemons refuse for themselves
	}
	client, err := cache.Connect(c.RedisOptions())
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return client.Close()
}

// RedisOptions returns what package cache needs to connect.
func (c Config) RedisOptions() cache.Options {
	return cache.Options{
		URL: c.Redis.URL, Password: c.Redis.Password.Reveal(), PoolSize: c.Redis.PoolSize,
		CAFile: c.Redis.CAFile, CertFile: c.Redis.CertFile, KeyFile: c.Redis.KeyFile,
	}
}

var queuePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,49}$`)

func (c Config) checkQueues() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		q := c.Queues[name]
		if !queuePattern.MatchString(name) {
			errs = append(errs, fmt.Errorf("queues: name %q: use up to 50 lower-case letters, digits, _ and -", name))
		}
		if q.Concurrency < 1 || q.Concurrency > 10000 {
			errs = append(errs, fmt.Errorf("queues.%s.concurrency is %d: use 1 to 10000", name, q.Concurrency))
		}
		if q.Fetchers < 0 || q.Fetchers > 1000 {
			errs = append(errs, fmt.Errorf("queues.%s.fetchers is %d: use 1 to 1000, or leave it out", name, q.Fetchers))
		}
		if q.PerUser < 0 || q.PerUser > 10000 {
			errs = append(errs, fmt.Errorf("queues.%s.per_user is %d: use 1 to 10000, or leave it out", name, q.PerUser))
		}
		for sibling, weight := range q.Priorities {
			if !queuePattern.MatchString(sibling) || weight < 1 {
				errs = append(errs, fmt.Errorf("queues.%s.priorities: %q: %d: use a queue name and a weight of 1 or more", name, sibling, weight))
			}
		}
		if len(q.Priorities) > 0 && q.Priorities[name] == 0 {
			errs = append(errs, fmt.Errorf("queues.%s.priorities lacks %s itself: give it a weight too", name, name))
		}
	}
	for _, name := range []string{routing.Agents, routing.Briefings, routing.Scraping, routing.Default} {
		if _, ok := c.Queues[name]; !ok {
			errs = append(errs, fmt.Errorf("queues lacks %q, which the built-in rules use: add it", name))
		}
	}
	return errors.Join(errs...)
}

// QueueNames returns every queue there is, siblings included, sorted.
func (c Config) QueueNames() []string {
	names := map[string]bool{}
	for name, q := range c.Queues {
		names[name] = true
		for sibling := range q.Priorities {
			names[sibling] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Table returns the routing table of the configuration.
func (c Config) Table() (*routing.Table, error) {
	return routing.New(c.QueueNames(), c.Routing, c.Policies)
}

func (c Config) checkSizes() error {
	var errs []error
	for key, d := range map[string]time.Duration{
		"worker.poll": c.Worker.Poll, "scheduler.claim_lease": c.Scheduler.ClaimLease, "cache.ttl": c.Cache.TTL,
		"fetcher.timeout": c.Fetcher.Timeout, "documents.ttl": c.Documents.TTL, "briefings.patience": c.Briefings.Patience,
		"briefings.first_span": c.Briefings.FirstSpan,
	} {
		if d < 10*time.Millisecond {
			errs = append(errs, fmt.Errorf("%s is %s: use 10ms or more", key, d))
		}
	}
	if c.Worker.Drain < 0 {
		errs = append(errs, fmt.Errorf("worker.drain is %s: use 0s or more", c.Worker.Drain))
	}
	for key, n := range map[string]int64{
		"scheduler.batch": int64(c.Scheduler.Batch), "tasks.max_payload": int64(c.Tasks.MaxPayload), "briefings.items": int64(c.Briefings.Items),
		"fetcher.max_body": c.Fetcher.MaxBody, "fetcher.max_decoded": c.Fetcher.MaxDecoded,
	} {
		if n < 1 {
			errs = append(errs, fmt.Errorf("%s is %d: use 1 or more", key, n))
		}
	}
	if c.Scheduler.Batch > schedule.MaxBatch {
		errs = append(errs, fmt.Errorf("scheduler.batch is %d: use %d or less", c.Scheduler.Batch, schedule.MaxBatch))
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func (c Config) checkAddresses() error {
	var errs []error
	for _, a := range []struct{ key, addr string }{
		{"worker.listen", c.Worker.Listen}, {"scheduler.listen", c.Scheduler.Listen}, {"monitor.listen", c.Monitor.Listen},
	} {
		if _, _, err := net.SplitHostPort(a.addr); err != nil {
			errs = append(errs, fmt.Errorf("%s %q: give host:port, such as 127.0.0.1:8080", a.key, a.addr))
		}
	}
	return errors.Join(errs...)
}

// Entries returns the schedule entries the configuration asks for: its schedule, and
// one for each source.
func (c Config) Entries() ([]schedule.Entry, error) {
	var entries []schedule.Entry
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		s := c.Sources[name]
		if !web.IsURL(s.URL) {
			errs = append(errs, fmt.Errorf("sources.%s.url %q: give an http or https URL", name, s.URL))
		}
		payload, _ := json.Marshal(map[string]string{"url": s.URL, "source": name})
		entries = append(entries, schedule.Entry{
			ID: "source:" + name, Spec: "@every " + s.Every.String(), Kind: "scrape_feed", Payload: payload,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(c.Schedule)) {
		e, err := c.Schedule[id].Scheduled(id, schedule.OriginConfig)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedule: %w", err))
		}
		entries = append(entries, e)
	}
	for i := range entries {
		entries[i].Origin = schedule.OriginConfig
		if err := entries[i].Validate(context.Background()); err != nil {
			errs = append(errs, fmt.Errorf("schedule entry %s: %w", entries[i].ID, err))
		}
	}
	return entries, errors.Join(errs...)
}
