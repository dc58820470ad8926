package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/internal/tasks"
)

var queues = []string{Agents, Briefings, Scraping, Default, "slow"}

func mustNew(t *testing.T, rules []Rule, kinds map[string]Patch) *Table {
	t.Helper()
	table, err := New(queues, rules, kinds)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestPrefixDecidesTheQueue(t *testing.T) {
	table := mustNew(t, nil, nil)
	for kind, want := range map[string]string{
		"agent_job_scout":   Agents,
		"briefing_generate": Briefings,
		"scrape_page":       Scraping,
		"cleanup":           Default,
		"agents":            Default,
		"agent_":            Agents,
	} {
		route, err := table.Route(kind)
		if err != nil || route.Queue != want {
			t.Errorf("Route(%q) = %q, %v; want %q", kind, route.Queue, err, want)
		}
	}
}

func TestPoliciesAreThoseOfTheReplacedWorkers(t *testing.T) {
	table := mustNew(t, nil, nil)
	for kind, want := range map[string]tasks.Policy{
		"cleanup":           {Retries: 3, RetryDelay: 30 * time.Second, Losses: 3, SoftLimit: 240 * time.Second, HardLimit: 300 * time.Second, Retention: time.Hour},
		"scrape_page":       {Retries: 3, RetryDelay: 30 * time.Second, Losses: 3, SoftLimit: 240 * time.Second, HardLimit: 300 * time.Second, Retention: time.Hour},
		"agent_scout":       {Retries: 2, RetryDelay: 60 * time.Second, Losses: 3, SoftLimit: 240 * time.Second, HardLimit: 300 * time.Second, Retention: time.Hour},
		"agent_apply":       {Retries: 1, RetryDelay: 120 * time.Second, Losses: 3, SoftLimit: 240 * time.Second, HardLimit: 300 * time.Second, Retention: time.Hour},
		"briefing_generate": {Retries: 2, RetryDelay: 300 * time.Second, Losses: 3, SoftLimit: 240 * time.Second, HardLimit: 300 * time.Second, Retention: time.Hour},
	} {
		if route, err := table.Route(kind); err != nil || route.Policy != want {
			t.Errorf("policy of %s = %+v, %v; want %+v", kind, route.Policy, err, want)
		}
	}
}

func TestConfiguredRulesWinOverBuiltInOnesAndKindsOverRules(t *testing.T) {
	table := mustNew(t,
		[]Rule{{Pattern: "agent_slow_*", Queue: "slow", Policy: Patch{Retries: new(0), SoftLimit: new(time.Minute)}}},
		map[string]Patch{"agent_slow_one": {Retries: new(7)}, "agent_apply": {SoftLimit: new(time.Second)}})

	route, _ := table.Route("agent_slow_one")
	if route.Queue != "slow" || route.Policy.Retries != 7 || route.Policy.SoftLimit != time.Minute {
		t.Errorf("agent_slow_one = %+v", route)
	}
	if route, _ := table.Route("agent_slow_two"); route.Policy.Retries != 0 {
		t.Errorf("a rule's zero retries became %d", route.Policy.Retries)
	}
	if route, _ := table.Route("agent_apply"); route.Policy.Retries != 1 || route.Policy.SoftLimit != time.Second {
		t.Errorf("a configured policy dropped the built-in one: %+v", route.Policy)
	}
}

func TestBadRulesAreRefusedAtLoad(t *testing.T) {
	ok := Patch{}
	for name, tc := range map[string]struct {
		rules []Rule
		kinds map[string]Patch
		want  string
	}{
		"unknown queue":     {[]Rule{{Pattern: "x_*", Queue: "nowhere"}}, nil, `routing rule 1: pattern "x_*": unknown queue "nowhere": use one of agents, briefings, scraping, default, slow`},
		"empty pattern":     {[]Rule{{Pattern: "", Queue: Agents}}, nil, `routing rule 1: pattern "" can never match: kind is empty: give a name such as agent_scout; one * may end it`},
		"over-long pattern": {[]Rule{{Pattern: strings.Repeat("a", 101) + "*", Queue: Agents}}, nil, `routing rule 1: pattern "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa*" can never match: kind "aaaaaaaaaaaaaaaaaaaa"… has 101 bytes: at most 100 are allowed; one * may end it`},
		"star inside":       {[]Rule{{Pattern: "a*b", Queue: Agents}}, nil, `routing rule 1: pattern "a*b" can never match: kind "a*b": use lower-case letters, digits and underscores, starting with a letter; one * may end it`},
		"upper case":        {[]Rule{{Pattern: "Agent_*", Queue: Agents}}, nil, `routing rule 1: pattern "Agent_*" can never match: kind "Agent_": use lower-case letters, digits and underscores, starting with a letter; one * may end it`},
		"shadowed":          {[]Rule{{Pattern: "a_*", Queue: Agents}, {Pattern: "a_b", Queue: Default}}, nil, `routing rule 2: pattern "a_b" can never match: rule "a_*" before it takes all it would: put it first`},
		"shadowed by all":   {[]Rule{{Pattern: "*", Queue: Agents}, {Pattern: "b_*", Queue: Default}}, nil, `routing rule 2: pattern "b_*" can never match: rule "*" before it takes all it would: put it first`},
		"bad kind":          {nil, map[string]Patch{"no spaces": ok}, `policy: kind "no spaces": use lower-case letters, digits and underscores, starting with a letter`},
		"limits crossed":    {nil, map[string]Patch{"agent_x": {SoftLimit: new(time.Hour)}}, `policy of kind "agent_x": soft_limit 1h0m0s is longer than hard_limit 5m0s: make it shorter`},
		"negative":          {[]Rule{{Pattern: "x", Queue: Agents, Policy: Patch{RetryDelay: new(-time.Second)}}}, nil, `policy of routing rule "x": retry_delay is -1s: use 0s or more`},
		"negative too":      {nil, map[string]Patch{"x": {Unique: new(-time.Minute)}}, `policy of kind "x": unique is -1m0s: use 0s or more`},
		"many retries":      {nil, map[string]Patch{"x": {Retries: new(1000)}}, `policy of kind "x": retries is 1000: use 0 to 100`},
		"share and policy":  {[]Rule{{Pattern: "x", Queue: Agents, Share: "5%", Policy: Patch{Retries: new(1)}}}, nil, `routing rule 1: pattern "x": a rule with a share has no policy of its own: leave policy out, the rules after it say what these tasks may do`},
	} {
		_, err := New(queues, tc.rules, tc.kinds)
		if fmt.Sprint(err) != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, tc.want)
		}
	}
}

func TestExplainNamesTheRuleThatWonAndThoseThatLost(t *testing.T) {
	table := mustNew(t, []Rule{{Pattern: "scrape_big_*", Queue: "slow"}}, nil)
	text, err := table.Explain("agent_apply", "")
	if err != nil {
		t.Fatal(err)
	}
	const want = `agent_apply -> queue agents

rules asked, in order:
   1. scrape_big_*         -> slow         (configured) no match
   2. agent_*              -> agents       (built in) wins

policy (the default, then the rule's, then the kind's own):
  retries      1, 2m0s apart at first, growing with jitter
  losses       run again after the loss of its worker 3 times at most
  soft limit   4m0s
  hard limit   5m0s
  result kept  1h0m0s
`
	if text != want {
		t.Errorf("\n got %s\nwant %s", text, want)
	}
	if _, err := table.Explain("Not A Kind", ""); fmt.Sprint(err) != `kind "Not A Kind": use lower-case letters, digits and underscores, starting with a letter` {
		t.Errorf("a name that is no kind: %v", err)
	}
}

func FuzzRouteAlwaysFindsAKnownQueue(f *testing.F) {
	table, _ := New(queues, []Rule{{Pattern: "a_*", Queue: "slow"}}, nil)
	f.Add("agent_x")
	f.Add("")
	f.Fuzz(func(t *testing.T, kind string) {
		route, err := table.Route(kind)
		if (err == nil) != (tasks.CheckKind(kind) == nil) {
			t.Fatalf("Route(%q): %v", kind, err)
		}
		if err == nil && route.Queue == "" {
			t.Fatalf("Route(%q) has no queue", kind)
		}
	})
}
