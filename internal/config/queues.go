package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"switchyard/internal/routing"
)

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
			if !queuePattern.MatchString(sibling) || weight < 1 || weight > maxWeight {
				errs = append(errs, fmt.Errorf("queues.%s.priorities: %q: %d: use a queue name and a weight of 1 to %d", name, sibling, weight, maxWeight))
			}
		}
		if len(q.Priorities) > 0 && q.Priorities[name] == 0 {
			errs = append(errs, fmt.Errorf("queues.%s.priorities lacks %s itself: give it a weight too", name, name))
		}
	}
	errs = append(errs, c.checkSiblings())
	for _, name := range []string{routing.Agents, routing.Briefings, routing.Scraping, routing.Default} {
		if _, ok := c.Queues[name]; !ok {
			errs = append(errs, fmt.Errorf("queues lacks %q, which the built-in rules use: add it", name))
		}
	}
	return errors.Join(errs...)
}

// maxWeight bounds the weight of a sibling.
const maxWeight = 1000

// checkSiblings reports queues that are on the slots of two: a worker would take their tasks
// twice as often as either says, and keep neither's bound.
func (c Config) checkSiblings() error {
	var errs []error
	on := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		on[name] = name
	}
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		for _, sibling := range slices.Sorted(maps.Keys(c.Queues[name].Priorities)) {
			switch other := on[sibling]; other {
			case "":
				on[sibling] = name
			case name:
			case sibling:
				errs = append(errs, fmt.Errorf("queues.%s.priorities: %s is a queue with slots of its own: leave one out", name, sibling))
			default:
				errs = append(errs, fmt.Errorf("queues.%s.priorities: %s is on the slots of %s already: leave one out", name, sibling, other))
			}
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
	policies := maps.Clone(c.Own)
	if policies == nil {
		policies = make(map[string]routing.Patch)
	}
	for kind, patch := range c.Policies {
		policies[kind] = patch.Over(policies[kind])
	}
	return routing.New(c.QueueNames(), c.Routing, policies)
}
