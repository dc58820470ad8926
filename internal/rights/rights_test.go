package rights

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
	lists, channels := []string{"app:Rep.X*", "celery-task-meta-*"}, []string{"celery-task-meta-*", "/0.celery.pidbox"}
	for _, n := range []Needs{
		{Prefix: "switchyard:"},
		{Prefix: "acme:", Celery: lists, Channels: channels},
		{Role: Worker, Prefix: "switchyard:", Celery: lists, Channels: channels},
		{Role: Scheduler, Prefix: "acme:", Celery: lists, Channels: channels},
		{Role: Monitor, Prefix: "switchyard:", Asynqmon: true},
		{Role: Producer, Prefix: "acme:"},
	} {
		all := n.Rules()
		if missing, err := Missing(t.Context(), user(t, server, all...), n); err != nil || len(missing.Rules)+len(missing.Commands) > 0 {
			t.Errorf("%q, prefix %s: with all of its rules it lacks %v, %v", n.Role, n.Prefix, missing, err)
		}
		for _, rule := range all {
			if slices.Contains([]string{"~asynq:*", "+multi", "+exec", "+discard"}, rule) {
				continue // without these no other can be asked about
			}
			less := slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == rule })
			if missing, err := Missing(t.Context(), user(t, server, less...), n); err != nil || !slices.Equal(missing.Rules, []string{rule}) {
				t.Errorf("%q, prefix %s: without %s it lacks %v, %v", n.Role, n.Prefix, rule, missing, err)
			}
		}
	}
	if keys := redistest.Client(t, server.Addr).Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("left %v", keys)
	}
}

func TestARoleMayNotDoWhatIsForOthers(t *testing.T) {
	server := redistest.Server(t)
	for role, refused := range map[Role][]string{
		Worker:    {"MEMORY USAGE asynq:{agents}:pending", "HVALS asynq:workers:{a}"},
		Scheduler: {"HGETALL switchyard:document:a", "HGETALL switchyard:links:ada", "GET switchyard:link:a", "XADD switchyard:audit * f v", "PUBLISH agent:pause:ada x", "HVALS asynq:workers:{a}"},
		Producer: {
			"HGETALL switchyard:{tokens}:token:a", "HGETALL switchyard:document:a", "HGETALL switchyard:briefing:a", "HGETALL switchyard:links:ada",
			"HSET switchyard:{user:ada}:brake on 1", "LPUSH switchyard:{user:ada}:journal:agents/a:b x", "HSET switchyard:{schedule:0}:entries e x",
			"PUBLISH agent:pause:ada x", "PUBLISH agent:status:ada x", "PSUBSCRIBE agent:status:*", "XRANGE switchyard:audit - +", "SCAN 0", "BLPOP asynq:{agents}:pending 1",
		},
	} {
		client := user(t, server, Needs{Role: role, Prefix: "switchyard:", Asynqmon: true}.Rules()...)
		for _, text := range refused {
			var words []any
			for word := range strings.FieldsSeq(text) {
				words = append(words, word)
			}
			if err := client.Do(t.Context(), words...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM ") {
				t.Errorf("a %s may %s: %v", role, text, err)
			}
		}
	}
}

// named finds the commands of Redis in a script of Lua: its texts in capitals, those that go by a function of
// its own included.
var named = regexp.MustCompile(`"([A-Z]{3,})"`)

// words are those among the texts in capitals that are no commands.
var words = []string{"COUNT", "FAILURE", "LEFT", "LIMIT", "MAXLEN", "REVOKED", "RIGHT", "SUCCESS", "WITHSCORES", "WRONGTYPE"}

// TestEachRoleMayDoWhatItsScriptsDo reads the scripts, as some of what they do is for keys that are broken.
func TestEachRoleMayDoWhatItsScriptsDo(t *testing.T) {
	ofProducers := []string{
		"deployment/claim.lua", "layout/mark.lua", "queue/add.lua", "queue/byhand.lua", "queue/cancel.lua", "queue/format/index.lua",
		"queue/given.lua", "queue/run.lua",
	}
	rules := map[Role][]string{
		Worker:   Needs{Role: Worker, Channels: []string{"celery-task-meta-*"}}.Rules(), // which speaks with Celery
		Producer: Needs{Role: Producer}.Rules(),
	}
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".lua" {
			return err
		}
		script, err := os.ReadFile(filepath.Join("..", path))
		for role, its := range rules {
			if role == Producer && !slices.Contains(ofProducers, path) {
				continue
			}
			for _, found := range named.FindAllSubmatch(script, -1) {
				name := string(found[1])
				if !slices.Contains(words, name) && !slices.Contains(its, "+"+strings.ToLower(name)) {
					t.Errorf("%s has %s, which a %s may not", path, name, role)
				}
			}
		}
		ofProducers = slices.DeleteFunc(ofProducers, func(name string) bool { return name == path })
		return err
	})
	if err != nil || len(ofProducers) > 0 {
		t.Errorf("%v; not found: %q", err, ofProducers)
	}
}

func TestWhoMayHaveNoTransactionLearnsOfThatAlone(t *testing.T) {
	server := redistest.Server(t)
	for rule, want := range map[string][]string{
		"+multi": {"+multi"}, "+exec": {"+exec"}, "+discard": {"+discard"},
	} {
		less := slices.DeleteFunc(Needs{}.Rules(), func(r string) bool { return r == rule })
		if missing, err := Missing(t.Context(), user(t, server, less...), Needs{}); err != nil || !slices.Equal(missing.Rules, want) {
			t.Errorf("without %s it lacks %v, %v", rule, missing, err)
		}
	}
	if missing, err := Missing(t.Context(), user(t, server), Needs{}); err != nil || !slices.Equal(missing.Rules, []string{"+discard", "+exec", "+multi"}) {
		t.Errorf("without any right it lacks %v, %v", missing, err)
	}
}

// TestEachCommandThatRedisPerformsForNobodyIsNamed refuses one command after the other, as services do
// that run Redis for others.
func TestEachCommandThatRedisPerformsForNobodyIsNamed(t *testing.T) {
	n := Needs{Prefix: "switchyard:", Asynqmon: true}
	tried := map[string]bool{"PING": true} // by which it is known that a server is up
	for _, sample := range n.samples() {
		name, _, _ := strings.Cut(sample, " ")
		if tried[name] {
			continue
		}
		tried[name] = true
		server := redistest.Server(t, "--rename-command", name, "")
		missing, err := Missing(t.Context(), redistest.Client(t, server.Addr), n)
		want := []string{command(sample)}
		if name == "MEMORY" || name == "EVAL" {
			want = append(want, "memory|usage in scripts") // which is a script, too
		}
		if err != nil || len(missing.Rules) > 0 || !slices.Equal(missing.Commands, want) {
			t.Errorf("without %s it lacks %+v, %v; want %v", name, missing, err, want)
		}
		server.Stop()
	}
}

func TestWhatARefusalLooksLikeIsKnown(t *testing.T) {
	for text, want := range map[string]bool{
		"ERR unknown command 'CONFIG', with args beginning with: 'GET'":                                true,
		"ERR Command is not available: 'MEMORY USAGE'. See https://example.com/commands for details":   true,
		"ERR This Redis command is not allowed from script script: 1a2b, on @user_script:1.":           true,
		"ERR user_script:1: This Redis command is not allowed from script script: 1a2b":                true,
		"ERR unknown subcommand 'USAGE'. Try MEMORY HELP.":                                             true,
		"NOPERM this user has no permissions to run the 'memory|usage' command":                        false,
		"ERR The user executing the script can't run this command or subcommand script: 1a, on @s:80.": false,
		"MOVED 3999 127.0.0.1:6381":                               false,
		"OOM command not allowed when used memory > 'maxmemory'.": false,
		"READONLY You can't write against a read only replica.":   false,
		"ERR wrong number of arguments for 'get' command":         false,
	} {
		if got := isRefused(answer(text)); got != want {
			t.Errorf("%q is taken for a refusal: %v, want %v", text, got, want)
		}
	}
}

// answer is an error that Redis has answered with.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

func TestAUserOfEverythingLacksNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		if missing, err := Missing(t.Context(), client, Needs{Prefix: "switchyard:"}); err != nil || len(missing.Rules)+len(missing.Commands) > 0 {
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
