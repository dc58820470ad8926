package app

import (
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/ticks"
	"switchyard/internal/config"
)

// celery is what a process has to do with Celery.
type celery struct {
	opened  []redis.UniversalClient // not those that are ours anyway
	broker  *broker.Broker
	backend redis.UniversalClient
	ticks   *ticks.Sender // nil: the schedule sends nothing there
}

// openCelery returns nil where nothing here has to do with Celery. It does not speak to Redis yet.
func (s *System) openCelery() (*celery, error) {
	if !s.Config.Celery.Speaks() {
		return nil, nil
	}
	c, err := s.connectCelery()
	if err != nil {
		return nil, err
	}
	performs := s.Config.Celery.Performs()
	if len(performs) == 0 {
		return c, nil
	}
	kinds := make(map[string]ticks.Kind, len(performs))
	for name, k := range performs {
		kinds[name] = ticks.Kind{Task: k.Task, Args: k.Args, Queue: k.Queue, Priority: k.Priority}
	}
	c.ticks = ticks.NewSender(ticks.Options{
		Broker: c.broker, Backend: c.backend,
		ResultPrefix: s.Config.Celery.ResultPrefix, Kinds: kinds, Prefix: s.Config.Redis.Prefix, Log: s.Log,
	})
	return c, nil
}

// connectCelery returns the connections to the broker and the backend.
func (s *System) connectCelery() (*celery, error) {
	c := &celery{}
	messages, err := c.connect(s, "broker", s.Config.CeleryBroker())
	if err != nil {
		return nil, err
	}
	results := messages
	if o := s.Config.CeleryBackend(); o != s.Config.CeleryBroker() {
		if results, err = c.connect(s, "backend", o); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	c.broker, c.backend = broker.New(messages, namesOf(s.Config.Celery, broker.DB(messages)), s.Config.Redis.Prefix), results
	return c, nil
}

// connect returns a client of a Redis of Celery's, which is ours if it is the same.
func (c *celery) connect(s *System, key string, o cache.Options) (redis.UniversalClient, error) {
	if o == s.Config.RedisOptions() {
		return s.Redis, nil
	}
	client, err := cache.Connect(o)
	if err != nil {
		return nil, fmt.Errorf("celery.%s: %w", key, err)
	}
	c.opened = append(c.opened, client)
	return client, nil
}

// namesOf returns the names that Celery gives to its keys.
func namesOf(c config.Celery, db int) broker.Names {
	return broker.Names{KeyPrefix: c.KeyPrefix, Separator: c.Separator, Steps: c.PrioritySteps, FanoutPrefix: c.FanoutPrefix, DB: db}
}

// sender returns what sends the schedule's tasks, nil if nothing does.
func (c *celery) sender() *ticks.Sender {
	if c == nil {
		return nil
	}
	return c.ticks
}

func (c *celery) close() error {
	if c == nil {
		return nil
	}
	if c.ticks != nil {
		c.ticks.Close()
	}
	var errs []error
	for _, client := range c.opened {
		errs = append(errs, client.Close())
	}
	return errors.Join(errs...)
}
