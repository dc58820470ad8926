package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchyard/internal/hosts"
)

// Politeness configures how hosts are asked for pages, by all workers together.
type Politeness struct {
	Spacing     time.Duration `yaml:"spacing"`     // between the beginnings of two fetches of a host
	Concurrency int           `yaml:"concurrency"` // fetches of a host at a time
	By          hosts.By      `yaml:"by"`          // what counts as one: host or domain
	Robots      bool          `yaml:"robots"`      // robots.txt is obeyed
	// Hosts are exceptions, by the name of a host or of a registrable domain.
	Hosts map[string]HostPoliteness `yaml:"hosts,omitempty"`
}

// HostPoliteness is an exception for one host. What it leaves out is as for all others.
type HostPoliteness struct {
	Spacing     *time.Duration `yaml:"spacing,omitempty"`
	Concurrency int            `yaml:"concurrency,omitempty"`
	By          hosts.By       `yaml:"by,omitempty"`
}

// Bounds of what may be configured.
const (
	mostSpacing         = time.Hour
	mostHostConcurrency = 1000
)

// Policy returns what package hosts goes by.
func (p Politeness) Policy() hosts.Policy {
	policy := hosts.Policy{
		Rule:  hosts.Rule{Spacing: p.Spacing, Concurrency: p.Concurrency, By: p.By},
		Hosts: make(map[string]hosts.Rule, len(p.Hosts)),
	}
	for name, h := range p.Hosts {
		rule := hosts.Rule{Spacing: p.Spacing, Concurrency: cmp.Or(h.Concurrency, p.Concurrency), By: cmp.Or(h.By, p.By)}
		if h.Spacing != nil {
			rule.Spacing = *h.Spacing
		}
		policy.Hosts[hosts.Name(name)] = rule
	}
	return policy
}

func (p Politeness) check() error {
	errs := []error{checkRule("fetcher.politeness", hosts.Rule{Spacing: p.Spacing, Concurrency: p.Concurrency, By: p.By})}
	policy := p.Policy()
	for _, name := range slices.Sorted(maps.Keys(p.Hosts)) {
		key := "fetcher.politeness.hosts." + name
		if u, err := url.Parse("http://" + name); err != nil || u.Host != name || u.Hostname() == "" || strings.Contains(name, "*") {
			errs = append(errs, fmt.Errorf("%s: give the name of a host or of a domain, such as example.com", key))
			continue
		}
		errs = append(errs, checkRule(key, policy.Hosts[hosts.Name(name)]))
	}
	return errors.Join(errs...)
}

func checkRule(key string, r hosts.Rule) error {
	var errs []error
	if r.Spacing < 0 || r.Spacing > mostSpacing {
		errs = append(errs, fmt.Errorf("%s.spacing is %s: use 0s to %s", key, r.Spacing, mostSpacing))
	}
	if r.Concurrency < 1 || r.Concurrency > mostHostConcurrency {
		errs = append(errs, fmt.Errorf("%s.concurrency is %d: use 1 to %d", key, r.Concurrency, mostHostConcurrency))
	}
	if r.By != hosts.ByHost && r.By != hosts.ByDomain {
		errs = append(errs, fmt.Errorf("%s.by %.40q: use %s or %s", key, r.By, hosts.ByHost, hosts.ByDomain))
	}
	return errors.Join(errs...)
}
