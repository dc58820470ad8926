// Package routing decides, from a kind alone, which queue a task goes to and what its
// policy is. It is one ordered table: the first rule that matches a kind wins, and
// [Table.Explain] says why. It needs no Redis and does no I/O.
package routing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"switchyard/internal/tasks"
)

// The queues every table has.
const (
	Agents    = "agents"
	Briefings = "briefings"
	Scraping  = "scraping"
	Default   = "default"
)

// DefaultPolicy is where every kind's policy starts: the settings of the Celery
// workers this system replaced.
var DefaultPolicy = tasks.Policy{
	Retries:    3,
	RetryDelay: 30 * time.Second,
	Losses:     3,
	SoftLimit:  240 * time.Second,
	HardLimit:  300 * time.Second,
	Retention:  time.Hour,
}

// Rule sends the kinds its pattern matches to a queue.
type Rule struct {
	// Pattern is a kind, or a prefix followed by *.
	Pattern string `yaml:"pattern"`
	// Queue takes the kinds that match.
	Queue string `yaml:"queue"`
	// Share has the rule hold for a part of the users alone, such as 5%, of whom the queue gets the
	// tasks: a canary. All else is for the rules after it, the policy of these tasks, too.
	Share string `yaml:"share,omitempty"`
	// Policy changes the default policy for them.
	Policy Patch `yaml:"policy"`
}

// builtin rules stand after the configured ones, so that those can win.
var builtin = []Rule{
	{Pattern: "agent_*", Queue: Agents, Policy: Patch{Retries: new(2), RetryDelay: new(60 * time.Second)}},
	{Pattern: "briefing_*", Queue: Briefings, Policy: Patch{Retries: new(2), RetryDelay: new(300 * time.Second)}},
	{Pattern: "scrape_*", Queue: Scraping},
	{Pattern: "*", Queue: Default},
}

var builtinKinds = map[string]Patch{
	"agent_apply": {Retries: new(1), RetryDelay: new(120 * time.Second)},
	// A server that greylists wants some minutes; a mail, a post and a message are bounded themselves.
	"briefing_deliver": {Retries: new(5), RetryDelay: new(60 * time.Second), SoftLimit: new(60 * time.Second), HardLimit: new(75 * time.Second)},
	// The delays grow from 30 seconds to an hour, and make about a day.
	tasks.WebhookDeliver: {Retries: new(28), RetryDelay: new(30 * time.Second), SoftLimit: new(25 * time.Second), HardLimit: new(30 * time.Second)},
}

// rule is one of a table.
type rule struct {
	Rule
	share share
}

// Table routes kinds. It does not change once made and is safe for concurrent use.
type Table struct {
	rules []rule
	own   int // how many of rules come from the configuration
	kinds map[string]Patch
}

// New builds a table from configured rules, which are asked before the built-in ones,
// and per-kind policies, which have the last word. queues are the names rules may use.
// The error names the rule or kind, what is wrong with it, and what would be right.
func New(queues []string, rules []Rule, kinds map[string]Patch) (*Table, error) {
	t := &Table{own: len(rules), kinds: maps.Clone(builtinKinds)}
	for i, r := range rules {
		part, err := parseShare(r.Share)
		if err == nil {
			err = checkRule(r, queues, t.rules)
		}
		if err != nil {
			return nil, fmt.Errorf("routing rule %d: %w", i+1, err)
		}
		t.rules = append(t.rules, rule{r, part})
	}
	for _, r := range builtin {
		t.rules = append(t.rules, rule{Rule: r})
	}
	for kind, patch := range kinds {
		if err := tasks.CheckKind(kind); err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		t.kinds[kind] = patch.Over(t.kinds[kind])
	}
	return t, t.checkPolicies()
}

func checkRule(r Rule, queues []string, before []rule) error {
	if err := tasks.CheckPattern(r.Pattern); err != nil {
		return err
	}
	for _, b := range before {
		if !b.share.given && tasks.Covers(b.Pattern, r.Pattern) {
			return fmt.Errorf("pattern %q can never match: rule %q before it takes all it would: put it first", r.Pattern, b.Pattern)
		}
	}
	if !slices.Contains(queues, r.Queue) {
		return fmt.Errorf("pattern %q: unknown queue %q: use one of %s", r.Pattern, r.Queue, strings.Join(queues, ", "))
	}
	if r.Share != "" && r.Policy != (Patch{}) {
		return fmt.Errorf("pattern %q: a rule with a share has no policy of its own: leave policy out, the rules after it say what these tasks may do", r.Pattern)
	}
	return nil
}

// checkPolicies refuses a policy that cannot work, for every rule and kind there is.
func (t *Table) checkPolicies() error {
	for _, r := range t.rules {
		if err := check(r.Policy.apply(DefaultPolicy)); err != nil {
			return fmt.Errorf("policy of routing rule %q: %w", r.Pattern, err)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(t.kinds)) {
		route, err := t.Route(kind)
		if err != nil {
			return err
		}
		if err := check(route.Policy); err != nil {
			return fmt.Errorf("policy of kind %q: %w", kind, err)
		}
	}
	return nil
}

// Route is where a kind goes and what it may do.
type Route struct {
	Kind   string
	Queue  string
	Policy tasks.Policy
}

// Route returns the route of kind for tasks without a user. The only error is a name that is no kind.
// The policy is that of all tasks of the kind.
func (t *Table) Route(kind string) (Route, error) { return t.RouteFor(kind, "") }

// RouteFor returns the route of kind for the tasks of a user, whom some rules may send elsewhere.
func (t *Table) RouteFor(kind, user string) (Route, error) {
	if err := tasks.CheckKind(kind); err != nil {
		return Route{}, err
	}
	rule := t.rules[t.match(kind, "")]
	return Route{
		Kind:   kind,
		Queue:  t.rules[t.match(kind, user)].Queue,
		Policy: t.kinds[kind].apply(rule.Policy.apply(DefaultPolicy)),
	}, nil
}

// RouteTask returns the route of a task. Its payload is read for the user only where a rule has a share.
func (t *Table) RouteTask(kind string, payload []byte) (Route, error) {
	if !slices.ContainsFunc(t.rules, func(r rule) bool { return r.share.given }) {
		return t.Route(kind)
	}
	return t.RouteFor(kind, tasks.UserOf(payload))
}

// Queues returns the queues where tasks of kind may be, that of tasks without a user first.
func (t *Table) Queues(kind string) []string {
	last := t.match(kind, "")
	queues := []string{t.rules[last].Queue}
	for _, r := range t.rules[:last] {
		if tasks.Covers(r.Pattern, kind) && !slices.Contains(queues, r.Queue) {
			queues = append(queues, r.Queue)
		}
	}
	return queues
}

// match returns the index of the first rule that matches a kind and a user, "" if there is none. The
// last one always does.
func (t *Table) match(kind, user string) int {
	return slices.IndexFunc(t.rules, func(r rule) bool {
		return tasks.Covers(r.Pattern, kind) && (!r.share.given || r.share.has(user))
	})
}
