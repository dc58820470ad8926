// Package rights knows what Switchyard needs of Redis's access control, and asks Redis what of it
// a user lacks.
package rights

import (
	"slices"
	"strings"

	"switchyard/internal/queue/format"
)

// channels are those on which Switchyard listens and speaks. Access control compares the pattern
// that a client subscribes to with these as it stands, and matches no pattern with another.
var channels = []string{"agent:pause:*", "agent:resume:*", "agent:status:*", format.CancelChannel, format.EndedChannel}

// Needs are the rights that a deployment needs.
type Needs struct {
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

func (n Needs) keys() []string {
	keys := []string{"asynq:*", "switchyard:*"}
	if !strings.HasPrefix(n.Prefix, "switchyard:") {
		keys = append(keys, n.Prefix+"*")
	}
	return append(keys, n.Celery...)
}

func (n Needs) channels() []string { return slices.Concat(channels, n.Channels) }

func (n Needs) samples() []string {
	all := slices.Clone(samples)
	if n.Cluster {
		all = append(all, ofClusters...)
	}
	if len(n.Channels) > 0 {
		all = append(all, ofCelery...)
	}
	if n.Asynqmon {
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
