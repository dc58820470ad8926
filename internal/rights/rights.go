// Package rights knows what Switchyard needs of Redis's access control, and asks Redis what of it
// a user lacks.
package rights

import (
	"slices"
	"strings"

	"switchyard/internal/queue/format"
)

// Role is what a user of Redis is for.
type Role string

// The roles, but for [Everybody], who is all daemons and whoever works with the commands.
const (
	Everybody Role = ""
	Worker    Role = "worker"
	// Scheduler enqueues what is due and keeps queues in order. It reads and sends no documents, briefings
	// or addresses of users, and brakes nobody.
	Scheduler Role = "scheduler"
	// Monitor may do what can be done on its pages and with its API.
	Monitor Role = "monitor"
	// Producer is an application that sends tasks with the client for Go or switchyard enqueue, looks at
	// them, waits for their ends and cancels them.
	Producer Role = "producer"
)

// Needs are the rights that a deployment needs.
type Needs struct {
	Role Role
	// Prefix is what its own keys begin with. Those of the queues, and those that deployments
	// share, have names that do not depend on it.
	Prefix string
	// Celery are the patterns of Celery's keys that are on the same Redis, each with a * at its end.
	Celery []string
	// Channels are those of Celery that are on the same Redis, as patterns.
	Channels []string
	// Asynqmon says that asynqmon's pages are served.
	Asynqmon bool
	// Cluster says that its Redis is a Cluster, which is asked where keys are.
	Cluster bool
}

// Rules returns the rules of the least ACL user that Switchyard works as, as ACL SETUSER takes
// them: its keys, its channels, its commands.
func (n Needs) Rules() []string {
	var rules []string
	for _, pattern := range n.keys() {
		rules = append(rules, "~"+pattern)
	}
	for _, channel := range n.channels() {
		rules = append(rules, "&"+channel)
	}
	for _, sample := range n.samples() {
		rules = append(rules, "+"+command(sample))
	}
	return rules
}

// Lines returns the command that makes a user of that name, without a password, on lines that fit
// on a page.
func (n Needs) Lines(name string) string {
	lines := []string{"ACL SETUSER " + name + " on >PASSWORD"}
	for _, rule := range n.Rules() {
		last := &lines[len(lines)-1]
		if len(lines) == 1 || len(*last)+len(rule) > 100 {
			lines = append(lines, "  "+rule)
			continue
		}
		*last += " " + rule
	}
	return strings.Join(lines, " \\\n")
}

// keys returns patterns of keys. Those of queues, and those that deployments share, begin with
// "switchyard:" whatever the prefix is.
func (n Needs) keys() []string {
	shared, own := []string{"*"}, []string{"*"}
	switch n.Role {
	case Scheduler:
		shared, own = []string{"{*", "deployment:*"}, []string{"{*", "layout", "braked*", "guard:*", "celery:*"}
	case Producer:
		shared = []string{
			"{*}:wake", "{*}:waiters", "{*}:index:*", "{*}:batch:*", "{*}:turns:*", "{*}:ticks", "{*}:ticks:ages", "{*}:request:*",
			"{*}:replies", "{*}:nothing", "deployment:*",
		}
		own = []string{"layout", "audit"}
	}
	keys := []string{"asynq:*"}
	for _, part := range shared {
		keys = append(keys, "switchyard:"+part)
	}
	for _, part := range own {
		if key := n.Prefix + part; !slices.ContainsFunc(keys, func(pattern string) bool { return covers(pattern, key) }) {
			keys = append(keys, key)
		}
	}
	if n.Role == Producer {
		return keys
	}
	return append(keys, n.Celery...)
}

// covers reports whether a pattern with one * at its end has all that another has.
func covers(pattern, other string) bool {
	before, whole := strings.CutSuffix(pattern, "*")
	return pattern == other || whole && !strings.Contains(before, "*") && strings.HasPrefix(other, before)
}

// channels returns those on which the role listens and speaks. Access control compares the pattern that a
// client subscribes to with these as it stands, and matches no pattern with another.
func (n Needs) channels() []string {
	ends := []string{format.CancelChannel, format.EndedChannel}
	switch n.Role {
	case Scheduler:
		return slices.Concat([]string{"agent:resume:*", "agent:status:*"}, ends, n.Channels)
	case Producer:
		return ends
	}
	return slices.Concat([]string{"agent:pause:*", "agent:resume:*", "agent:status:*"}, ends, n.Channels)
}

func (n Needs) samples() []string {
	all := slices.Clone(samples)
	if n.Role == Producer {
		all = slices.DeleteFunc(all, func(sample string) bool { return !slices.Contains(ofProducers, command(sample)) })
	}
	if n.Cluster {
		all = append(all, ofClusters...)
	}
	if len(n.Channels) > 0 && n.Role != Producer {
		all = append(all, ofCelery...)
	}
	if n.Asynqmon && (n.Role == Everybody || n.Role == Monitor) {
		all = append(all, ofAsynqmon...)
	}
	return all
}

// command returns the name of a sample's command as rules have it.
func command(sample string) string {
	words := strings.Fields(strings.ToLower(sample))
	switch words[0] {
	case "client", "cluster", "memory", "script": // only one part of these
		return words[0] + "|" + words[1]
	}
	return words[0]
}
