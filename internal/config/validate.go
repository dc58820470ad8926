package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"switchyard/internal/cache"
	"switchyard/internal/deployment"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.checkRedis(), c.Control.check(), c.Scheduler.check(), c.checkQueues(), c.checkSizes(), c.checkAddresses()}
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
	errs = append(errs, c.Webhooks.check(), c.checkDelivery(), c.checkCelery(), c.Log.check(), c.checkNames(), c.checkTexts(), c.Fetcher.Politeness.check())
	if n := c.Monitor.Connections; n < 16 || n > 100_000 {
		errs = append(errs, fmt.Errorf("monitor.connections is %d: use 16 to 100000", n))
	}
	errs = append(errs, c.Monitor.checkOrigins(), c.Monitor.checkUsers())
	_, err := c.Monitor.Networks()
	_, wrong := c.Entries()
	return errors.Join(append(errs, err, wrong)...)
}

// checkUsers reports sign-ins that are for a user whom there cannot be.
func (m Monitor) checkUsers() error {
	var errs []error
	for i, u := range m.Users {
		if u.User == nil {
			continue
		}
		if *u.User == "" { // it would be for all, which nobody has meant who wrote the key
			errs = append(errs, fmt.Errorf("monitor.users[%d].user is empty: give a user id, or leave the key out for a sign-in that is for all", i))
		} else if err := tasks.CheckUser(*u.User); err != nil {
			errs = append(errs, fmt.Errorf("monitor.users[%d].user: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (w Webhooks) check() error {
	var errs []error
	if w.Secret != "" {
		if _, err := web.NewSigner(w.Secret.Reveal()); err != nil {
			errs = append(errs, fmt.Errorf("webhooks.secret: %w", err))
		}
	}
	for _, host := range w.Allow {
		if u, err := url.Parse("https://" + host); err != nil || host == "" || u.Hostname() != host {
			errs = append(errs, fmt.Errorf("webhooks.allow %q: give the name of a host, such as app.example.com", host))
		}
	}
	return errors.Join(errs...)
}

func (l Log) check() error {
	var errs []error
	if !slices.Contains([]string{"auto", "json", "console"}, l.Format) {
		errs = append(errs, fmt.Errorf("log.format %q: use auto, json or console", l.Format))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Level) {
		errs = append(errs, fmt.Errorf("log.level %q: use debug, info, warn or error", l.Level))
	}
	return errors.Join(errs...)
}

// checkTexts reports texts that could not be used.
func (c Config) checkTexts() error {
	var errs []error
	if !httpguts.ValidHeaderFieldValue(c.Fetcher.UserAgent) {
		errs = append(errs, fmt.Errorf("fetcher.user_agent %q: leave out control characters, it is a header", c.Fetcher.UserAgent))
	}
	if c.Briefings.Dir == "" {
		errs = append(errs, errors.New("briefings.dir is empty: name a directory, such as briefings"))
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

func (s Scheduler) check() error {
	if len(s.Owner) > maxNamespace || strings.ContainsFunc(s.Owner, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return fmt.Errorf("scheduler.owner %.100q: use up to %d bytes that can be printed, such as the name of the release", s.Owner, maxNamespace)
	}
	return nil
}

func (c Config) checkRedis() error {
	if c.Redis.PoolSize < 1 || c.Redis.PoolSize > 10000 {
		return fmt.Errorf("redis.pool_size is %d: use 1 to 10000", c.Redis.PoolSize)
	}
	if strings.ContainsFunc(c.Redis.Prefix, func(r rune) bool { return r == '{' || r == '}' || unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return fmt.Errorf("redis.prefix %q: leave out braces and white space", c.Redis.Prefix)
	}
	if c.Redis.URL == "" {
		return nil // dev embeds one; the daemons refuse for themselves
	}
	o := c.RedisOptions()
	o.CAFile, o.CertFile, o.KeyFile = "", "", "" // they are where the daemons run
	if err := o.Check(); err != nil {
		return fmt.Errorf("redis, from %s: %w", cmp.Or(c.Redis.From, "redis.url"), err)
	}
	return nil
}

// RedisOptions returns what package cache needs to connect.
func (c Config) RedisOptions() cache.Options {
	return cache.Options{
		URL: c.Redis.URL, Password: c.Redis.Password.Reveal(), PoolSize: c.Redis.PoolSize,
		CAFile: c.Redis.CAFile, CertFile: c.Redis.CertFile, KeyFile: c.Redis.KeyFile,
	}
}
