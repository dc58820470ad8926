package app

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/daemon"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// without returns the arguments of a redis-server that performs some commands for nobody.
func without(commands ...string) []string {
	var args []string
	for _, c := range commands {
		args = append(args, "--rename-command", c, "")
	}
	return args
}

func TestARedisThatOthersManageIsEnough(t *testing.T) {
	// What the services that run Redis keep for themselves, all at once.
	server := redistest.Server(t, without("CONFIG", "MEMORY", "DEBUG", "MONITOR", "KEYS", "FLUSHALL", "FLUSHDB", "SHUTDOWN", "SAVE", "BGSAVE",
		"BGREWRITEAOF", "REPLICAOF", "SLAVEOF", "SLOWLOG", "LATENCY", "ACL", "MIGRATE", "MODULE", "SWAPDB", "SYNC", "PSYNC")...)
	url := "redis://" + server.Addr
	for _, begin := range begins {
		runDaemon(t, url, zap.NewNop(), begin).await(t)
	}
	s := openOn(t, url, zap.NewNop())
	receipt, err := s.Queue.Enqueue(t.Context(), tasks.Raw{Name: "scrape_page", Payload: []byte(`{"url":"http://127.0.0.1:1/"}`)}, tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := s.Queue.Wait(t.Context(), tasks.Name{Queue: receipt.Queue, ID: receipt.ID}); err != nil || !strings.Contains(ended.LastError, "private address refused") {
		t.Errorf("the task ended with %q, %v; want the handler's refusal", ended.LastError, err)
	}
	s.exportDeployment()
	text, err := testutil.GatherAndCount(s.Metrics, "switchyard_queue_load", "switchyard_queue_up")
	if err != nil || text != 2*4 {
		t.Errorf("%d series of queues, %v; want the load of four queues, and that they could be read", text, err)
	}
	core, logs := observer.New(zap.InfoLevel)
	ready := runDaemon(t, url, zap.New(core), func(_ *testing.T, s *System) (func(daemon.Stop) error, []daemon.Check) {
		return func(daemon.Stop) error { return nil }, s.monitorChecks()
	})
	const want = "pages of asynqmon fail on this redis, which refuses commands to everybody: memory|usage, memory|usage in scripts: the console shows the same tasks"
	for range 2 {
		ready.await(t)
	}
	if said := logs.FilterMessage("asynqmon is not all there").All(); len(said) != 1 || said[0].ContextMap()["error"] != want {
		t.Errorf("the monitor says %v, want %q once", logs.All(), want)
	}
}

func TestADaemonNamesTheCommandThatRedisRefusesAndWaits(t *testing.T) {
	for name, begin := range begins {
		for _, refused := range []string{"PSUBSCRIBE", "EVALSHA", "SCRIPT"} {
			t.Run(name+" "+refused, func(t *testing.T) {
				server := redistest.Server(t, without(refused)...)
				core, logs := observer.New(zap.InfoLevel)
				ready := runDaemon(t, "redis://"+server.Addr, zap.New(core), begin)
				want := "redis refuses commands to everybody: " + strings.ToLower(strings.Replace(refused, "SCRIPT", "script|load", 1)) + ": use one that performs them"
				await(t, "a line about the refusal", func() bool { return logs.FilterMessageSnippet("nothing is done").Len() == 1 })
				if said := logs.FilterMessageSnippet("nothing is done").All()[0].ContextMap()["error"]; said != want || !ready.lacks("rights", want) {
					t.Errorf("said %q, want %q; it says\n%s", said, want, ready())
				}
			})
		}
	}
}
