package routing

import (
	"fmt"
	"slices"
	"testing"
)

// canaries returns a table that sends a share of the users' job scouts to the queue slow.
func canaries(t *testing.T, percent string) *Table {
	t.Helper()
	return mustNew(t, []Rule{{Pattern: "agent_job_*", Queue: "slow", Share: percent}}, nil)
}

func TestAShareOfTheUsersGoesToTheCanary(t *testing.T) {
	const users = 20_000
	for percent, want := range map[string]int{"0%": 0, "0.5%": 100, "5%": 1000, "50%": 10_000, "100%": users} {
		table, n := canaries(t, percent), 0
		for i := range users {
			route, err := table.RouteFor("agent_job_scout", fmt.Sprintf("user-%d", i))
			if err != nil {
				t.Fatal(err)
			}
			if route.Queue == "slow" {
				n++
			}
		}
		if off := n - want; off*off > 9*want { // three standard deviations at most
			t.Errorf("%s: %d of %d users, want about %d", percent, n, users, want)
		}
	}
}

func TestAUserIsAlwaysInTheSameShare(t *testing.T) {
	// The SHA-256 of "lee" begins with 1508b697, 8.2 %, that of "bob" with 81b637d8, 50.7 %.
	for percent, want := range map[string][2]string{
		"8.2%": {Agents, Agents}, "8.3%": {"slow", Agents}, "50.6%": {"slow", Agents}, "50.7%": {"slow", "slow"},
	} {
		table := canaries(t, percent)
		for i, user := range []string{"lee", "bob"} {
			if route, _ := table.RouteFor("agent_job_scout", user); route.Queue != want[i] {
				t.Errorf("%s: %s goes to %s, want %s", percent, user, route.Queue, want[i])
			}
		}
	}
}

func TestTasksOfNobodyAndOtherKindsAreInNoShare(t *testing.T) {
	table := canaries(t, "100%")
	for _, tc := range []struct{ kind, user, want string }{{"agent_job_scout", "", Agents}, {"agent_other", "ada", Agents}, {"agent_job_scout", "ada", "slow"}} {
		if route, err := table.RouteFor(tc.kind, tc.user); err != nil || route.Queue != tc.want {
			t.Errorf("%s of %q goes to %s, %v; want %s", tc.kind, tc.user, route.Queue, err, tc.want)
		}
	}
	if got := table.Queues("agent_job_scout"); !slices.Equal(got, []string{Agents, "slow"}) {
		t.Errorf("its tasks are in %v", got)
	}
	if got := table.Queues("agent_other"); !slices.Equal(got, []string{Agents}) {
		t.Errorf("those of another kind are in %v", got)
	}
}

func TestACanaryHasThePolicyOfItsKind(t *testing.T) {
	table := mustNew(t, []Rule{
		{Pattern: "agent_job_*", Queue: "slow", Share: "100%"},
		{Pattern: "agent_job_*", Queue: Default, Policy: Patch{Retries: new(9)}},
	}, map[string]Patch{"agent_job_scout": {Losses: new(7)}})
	route, err := table.RouteFor("agent_job_scout", "ada")
	if err != nil || route.Queue != "slow" || route.Policy.Retries != 9 || route.Policy.Losses != 7 {
		t.Errorf("route %+v, %v", route, err)
	}
	if main, _ := table.Route("agent_job_scout"); main.Policy != route.Policy || main.Queue != Default {
		t.Errorf("the route of others is %+v", main)
	}
}

func TestAShareIsAPercentage(t *testing.T) {
	for _, text := range []string{"5", "-1%", "101%", "x%", "%", "NaN%", "5 %"} {
		_, err := New(queues, []Rule{{Pattern: "x", Queue: Agents, Share: text}}, nil)
		if want := fmt.Sprintf("routing rule 1: share %q: use a percentage of users from 0%% to 100%%, such as 5%%", text); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestExplainSaysWhoIsAmongTheCanaries(t *testing.T) {
	table := canaries(t, "10%")
	for user, want := range map[string]string{
		"bob": `agent_job_scout -> queue agents

rules asked, in order:
   1. agent_job_*          -> slow         (configured, 10% of users) the user is not among them
   2. agent_*              -> agents       (built in) wins
`,
		"lee": `agent_job_scout -> queue slow

rules asked, in order:
   1. agent_job_*          -> slow         (configured, 10% of users) wins
`,
	} {
		if text, err := table.Explain("agent_job_scout", user); err != nil || text[:min(len(text), len(want))] != want {
			t.Errorf("%s: %v\n got %s\nwant %s", user, err, text, want)
		}
	}
}
