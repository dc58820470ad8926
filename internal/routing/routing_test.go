package routing

import (
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
		"unknown queue":     {[]Rule{{"x_*", "nowhere", ok}}, nil, `unknown queue "nowhere"`},
		"empty pattern":     {[]Rule{{"", Agents, ok}}, nil, "kind is empty"},
		"over-long pattern": {[]Rule{{strings.Repeat("a", 101) + "*", Agents, ok}}, nil, "at most 100"},
		"star inside":       {[]Rule{{"a*b", Agents, ok}}, nil, "one * may end it"},
		"upper case":        {[]Rule{{"Agent_*", Agents, ok}}, nil, "can never match"},
		"shadowed":          {[]Rule{{"a_*", Agents, ok}, {"a_b", Default, ok}}, nil, "can never match"},
		"shadowed by all":   {[]Rule{{"*", Agents, ok}, {"b_*", Default, ok}}, nil, "put it first"},
		"bad kind":          {nil, map[string]Patch{"no spaces": ok}, `kind "no spaces"`},
		"limits crossed":    {nil, map[string]Patch{"agent_x": {SoftLimit: new(time.Hour)}}, "longer than hard_limit"},
		"negative":          {[]Rule{{"x", Agents, Patch{RetryDelay: new(-time.Second)}}}, nil, "negative"},
		"many retries":      {nil, map[string]Patch{"x": {Retries: new(1000)}}, "use 0 to 100"},
	} {
		_, err := New(queues, tc.rules, tc.kinds)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func TestExplainNamesTheRuleThatWonAndThoseThatLost(t *testing.T) {
	table := mustNew(t, []Rule{{Pattern: "scrape_big_*", Queue: "slow"}}, nil)
	text, err := table.Explain("agent_apply")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"agent_apply -> queue agents", "scrape_big_*", "no match", "agent_*", "wins", "then the kind's own", "2m0s apart"} {
		if !strings.Contains(text, want) {
			t.Errorf("explanation lacks %q:\n%s", want, text)
		}
	}
	if _, err := table.Explain("Not A Kind"); err == nil {
		t.Error("a name that is no kind was explained")
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
