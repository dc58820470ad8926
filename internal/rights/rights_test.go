package rights

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// user makes a user of the given rules and returns its client.
func user(t *testing.T, server *redistest.Process, rules ...string) redis.UniversalClient {
	t.Helper()
	return redistest.Connect(t, redistest.User(t, server.Addr, "yard", rules...))
}

func TestAUserIsToldEachRightThatIsMissingAndNothingIsDone(t *testing.T) {
	server := redistest.Server(t)
	for _, n := range []Needs{{Prefix: "switchyard:"}, {Prefix: "acme:", Celery: []string{"app:Rep.X*", "celery-task-meta-*"}, Channels: []string{"celery-task-meta-*", "/0.celery.pidbox"}}} {
		all := n.Rules()
		if missing, err := Missing(t.Context(), user(t, server, all...), n); err != nil || len(missing) > 0 {
			t.Errorf("prefix %s: with all of its rules it lacks %v, %v", n.Prefix, missing, err)
		}
		for _, rule := range all {
			if slices.Contains([]string{"~asynq:*", "+multi", "+exec", "+discard"}, rule) {
				continue // without these no other can be asked about
			}
			less := slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == rule })
			if missing, err := Missing(t.Context(), user(t, server, less...), n); err != nil || !slices.Equal(missing, []string{rule}) {
				t.Errorf("prefix %s: without %s it lacks %v, %v", n.Prefix, rule, missing, err)
			}
		}
	}
	if keys := redistest.Client(t, server.Addr).Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("left %v", keys)
	}
}

func TestWhoMayHaveNoTransactionLearnsOfThatAlone(t *testing.T) {
	server := redistest.Server(t)
	for rule, want := range map[string][]string{
		"+multi": {"+multi"}, "+exec": {"+exec"}, "+discard": {"+discard"},
	} {
		less := slices.DeleteFunc(Needs{}.Rules(), func(r string) bool { return r == rule })
		if missing, err := Missing(t.Context(), user(t, server, less...), Needs{}); err != nil || !slices.Equal(missing, want) {
			t.Errorf("without %s it lacks %v, %v", rule, missing, err)
		}
	}
	if missing, err := Missing(t.Context(), user(t, server), Needs{}); err != nil || !slices.Equal(missing, []string{"+discard", "+exec", "+multi"}) {
		t.Errorf("without any right it lacks %v, %v", missing, err)
	}
}

func TestAUserOfEverythingLacksNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		if missing, err := Missing(t.Context(), client, Needs{Prefix: "switchyard:"}); err != nil || len(missing) > 0 {
			t.Errorf("lacks %v, %v", missing, err)
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("left %d keys", n)
		}
	})
}

func TestTheDocumentationHasTheLeastUser(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Needs{Prefix: "switchyard:", Asynqmon: true}).Lines("switchyard"); !strings.Contains(string(page), "\n"+want+"\n") {
		t.Errorf("docs/operations.md does not have\n%s", want)
	}
}

func TestAWatchAsksAtMostEveryFewSeconds(t *testing.T) {
	server := redistest.Server(t)
	w := NewWatch(user(t, server, slices.DeleteFunc(Needs{}.Rules(), func(r string) bool { return r == "+time" })...), Needs{})
	for range 100 {
		if err := w.Check(t.Context()); !errors.Is(err, ErrMissing) || err.Error() != "redis's user lacks rights: +time: grant them with ACL SETUSER yard +time" {
			t.Fatal(err)
		}
	}
	stats := redistest.Client(t, server.Addr).(*redis.Client).InfoMap(t.Context(), "commandstats").Val()["Commandstats"]["cmdstat_discard"]
	if !strings.HasPrefix(stats, "calls=2,") {
		t.Errorf("asked more than once: discard %s", stats)
	}
}
