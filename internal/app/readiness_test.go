package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/rights"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// readiness is a daemon's answer to who asks whether it is ready.
type readiness func() string

// lacks reports whether a condition does not hold, for a reason that has a text in it.
func (r readiness) lacks(condition, reason string) bool {
	for line := range strings.Lines(r()) {
		if strings.HasPrefix(line, condition+": ") && strings.Contains(line, reason) {
			return true
		}
	}
	return false
}

// holds reports whether all conditions do.
func (r readiness) holds() bool {
	for line := range strings.Lines(r()) {
		if !strings.HasSuffix(line, ": ok\n") {
			return false
		}
	}
	return true
}

// await waits until all conditions hold, or returns what they are.
func (r readiness) await(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !r.holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not become ready:\n%s", r())
		}
	}
}

// openOn opens a system of the default configuration on the Redis at url, closed with the test.
func openOn(t *testing.T, url string, log *zap.Logger) *System {
	t.Helper()
	c := config.Default()
	c.Redis.URL = url
	s, err := Open(c, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// runDaemon runs a worker or a scheduler on the Redis at url until the test ends.
func runDaemon(t *testing.T, url string, log *zap.Logger, begin func(*testing.T, *System) (func(daemon.Stop) error, []daemon.Check)) readiness {
	t.Helper()
	return runSystem(t, openOn(t, url, log), begin)
}

// runSystem runs a worker or a scheduler of a system until the test ends.
func runSystem(t *testing.T, s *System, begin func(*testing.T, *System) (func(daemon.Stop) error, []daemon.Check)) readiness {
	t.Helper()
	run, checks := begin(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(daemon.Stop{Quiet: ctx, Drain: ctx}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	ready := daemon.Ready(append(s.checks(), checks...)...)
	return func() string {
		w := httptest.NewRecorder()
		ready.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		body, _ := io.ReadAll(w.Body)
		if strings.Count(string(body), ": ok\n") == strings.Count(string(body), "\n") != (w.Code == 200) {
			t.Errorf("status %d with %q", w.Code, body)
		}
		return string(body)
	}
}

// begins are how the daemons begin.
var begins = map[string]func(*testing.T, *System) (func(daemon.Stop) error, []daemon.Check){
	"worker": func(t *testing.T, s *System) (func(daemon.Stop) error, []daemon.Check) {
		w := newWorker(t, s)
		return w.Run, w.Checks()
	},
	"scheduler": func(_ *testing.T, s *System) (func(daemon.Stop) error, []daemon.Check) {
		c := NewScheduler(s)
		return c.Run, c.Checks()
	},
}

func TestADaemonIsReadyOnlyWhileRedisTakesItsWrites(t *testing.T) {
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			server := redistest.Server(t)
			admin := redistest.Client(t, server.Addr).(*redis.Client)
			ready := runDaemon(t, "redis://"+server.Addr, zap.NewNop(), begin)
			ready.await(t)
			for _, tc := range []struct{ setting, refuses, accepts, want string }{
				{"maxmemory", "1", "0", "OOM "},
				{"min-replicas-to-write", "1", "0", "NOREPLICAS "},
			} {
				admin.ConfigSet(t.Context(), tc.setting, tc.refuses)
				if !ready.lacks("writes", tc.want) {
					t.Errorf("%s %s: it says\n%s", tc.setting, tc.refuses, ready())
				}
				admin.ConfigSet(t.Context(), tc.setting, tc.accepts)
				ready.await(t)
			}
			other := redistest.Server(t)
			host, port, _ := strings.Cut(other.Addr, ":")
			admin.ReplicaOf(t.Context(), host, port)
			if !ready.lacks("writes", "READONLY ") {
				t.Errorf("a replica: it says\n%s", ready())
			}
			admin.ReplicaOf(t.Context(), "NO", "ONE")
			ready.await(t)
		})
	}
}

func TestADaemonThatLacksRightsNamesThemAllAndWaits(t *testing.T) {
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			server := redistest.Server(t)
			admin := redistest.Client(t, server.Addr).(*redis.Client)
			lacking := []string{"&agent:resume:*", "+evalsha", "+time"}
			less := slices.DeleteFunc((rights.Needs{Prefix: "switchyard:"}).Rules(), func(rule string) bool { return slices.Contains(lacking, rule) })
			url := redistest.User(t, server.Addr, "yard", less...)
			core, logs := observer.New(zap.InfoLevel)
			ready := runDaemon(t, url, zap.New(core), begin)
			const want = "redis's user lacks rights: &agent:resume:* +evalsha +time: grant them with ACL SETUSER yard &agent:resume:* +evalsha +time"
			await(t, "a line about rights", func() bool { return logs.FilterMessageSnippet("rights that are missing").Len() == 1 })
			if said := logs.FilterMessageSnippet("rights that are missing").All()[0].ContextMap()["error"]; said != want {
				t.Errorf("said %q, want %q", said, want)
			}
			if !ready.lacks("rights", want) {
				t.Errorf("it says\n%s", ready())
			}
			if err := admin.Do(t.Context(), append([]any{"ACL", "SETUSER", "yard"}, lacking[0], lacking[1], lacking[2])...).Err(); err != nil {
				t.Fatal(err)
			}
			ready.await(t)
		})
	}
}

func TestAWorkerThatLosesARightSaysSoAndKeepsItsTasks(t *testing.T) {
	server := redistest.Server(t)
	admin := redistest.Client(t, server.Addr).(*redis.Client)
	url := redistest.User(t, server.Addr, "yard", (rights.Needs{Prefix: "switchyard:"}).Rules()...)
	core, logs := observer.New(zap.InfoLevel)
	yard := openOn(t, url, zap.New(core))
	yard.rights.Fine = time.Second
	ready := runSystem(t, yard, begins["worker"])
	ready.await(t)
	admin.Do(t.Context(), "ACL", "SETUSER", "yard", "-hgetall", "-psubscribe")
	await(t, "named", func() bool { return ready.lacks("rights", "lacks rights: +hgetall +psubscribe: ") })
	s := openOn(t, "redis://"+server.Addr, zap.NewNop())
	receipt, err := s.Queue.Enqueue(t.Context(), tasks.Raw{Name: "scrape_page", Payload: []byte(`{"url":"http://127.0.0.1:1/"}`)}, tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "a line about the denial", func() bool { return logs.FilterMessageSnippet("redis denies its user a right").Len() > 0 })
	admin.Do(t.Context(), "ACL", "SETUSER", "yard", "+hgetall", "+psubscribe")
	ready.await(t)
	ended, err := s.Queue.Wait(t.Context(), tasks.Name{Queue: receipt.Queue, ID: receipt.ID})
	if err != nil || !strings.Contains(ended.LastError, "private address refused") {
		t.Errorf("its task ended with %q, %v; want the handler's refusal", ended.LastError, err)
	}
}

func TestTheMonitorSaysWhatAsynqmonLacks(t *testing.T) {
	server := redistest.Server(t)
	url := redistest.User(t, server.Addr, "yard", (rights.Needs{Prefix: "switchyard:"}).Rules()...)
	ready := runDaemon(t, url, zap.NewNop(), func(_ *testing.T, s *System) (func(daemon.Stop) error, []daemon.Check) {
		return func(daemon.Stop) error { return nil }, s.monitorChecks()
	})
	const want = "redis: ok\nrights: ok\nlayout: ok\nqueues: ok\nasynqmon: redis's user lacks rights: +hvals +memory|usage: " +
		"grant them with ACL SETUSER yard +hvals +memory|usage\n"
	if got := ready(); got != want {
		t.Errorf("it says\n%s", got)
	}
}
