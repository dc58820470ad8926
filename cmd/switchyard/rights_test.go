package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/internal/rights"
	"switchyard/test/redistest"
)

// commands are names of Redis's commands, as its rules have them. It is safe for concurrent use.
type commands struct{ names sync.Map }

// note takes those that a server has counted.
func (c *commands) note(stats map[string]string) {
	for name, calls := range stats {
		if !strings.HasPrefix(calls, "calls=0,") {
			c.names.Store(strings.TrimPrefix(name, "cmdstat_"), true)
		}
	}
}

// sent are those that the scripts have sent, and their test.
var sent commands

// called finds the commands that a script of Lua calls.
var called = regexp.MustCompile(`\b(?:p?call|many|pop)\("([A-Z]+)"`)

// noteScripts takes the commands inside of our scripts: some are only for keys that are broken.
func (c *commands) noteScripts(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../../internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".lua" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range called.FindAllSubmatch(text, -1) {
			c.names.Store(strings.ToLower(string(match[1])), true)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// needless reports rules for commands that nobody sends, if all scripts have run.
func needless(t *testing.T) {
	t.Helper()
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return
	}
	sent.noteScripts(t)
	for _, rule := range (rights.Needs{Asynqmon: true}).Rules() {
		name, ok := strings.CutPrefix(rule, "+")
		if _, found := sent.names.Load(name); ok && !found {
			t.Errorf("nothing sends %s", name)
		}
	}
}

// store is a Redis that is a script's own.
type store struct {
	servers []string // their addresses
	url     string   // of all of it, for a client that does not say who it is
	cluster bool
}

func standalone(t testing.TB) store {
	addr := redistest.Server(t).Addr
	return store{servers: []string{addr}, url: "redis://" + addr}
}

func cluster(t testing.TB) store {
	c := redistest.StartCluster(t)
	return store{addresses(c.Nodes), c.URL, true}
}

func sentinel(t testing.TB) store {
	s := redistest.StartSentinel(t)
	return store{servers: addresses(s.Servers), url: s.URL}
}

func addresses(servers []*redistest.Process) (all []string) {
	for _, s := range servers {
		all = append(all, s.Addr)
	}
	return all
}

// leastUser makes the user of a role on all servers of a Redis, and returns its URL. Some scripts also read what
// RedBeat keeps, or have another prefix.
func leastUser(e *testscript.Env, on store, role rights.Role) string {
	tb := e.T().(testing.TB)
	needs := rights.Needs{Role: role, Prefix: "switchyard:", Asynqmon: true, Cluster: on.cluster}
	rules := append(needs.Rules(), "~redbeat:*")
	needs.Prefix = "staging:"
	rules = append(rules, needs.Rules()...)
	user := ""
	for _, addr := range on.servers {
		url := redistest.User(tb, addr, cmp.Or(string(role), "switchyard"), rules...)
		user = strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), addr)
	}
	return strings.Replace(on.url, "://", "://"+user, 1)
}

// daemonsOfTheirOwn has each daemon that a script starts work as the user of its role, where the script does not say
// otherwise. A script of which anybody is refused anything has failed.
func daemonsOfTheirOwn(e *testscript.Env, on store) error {
	tb := e.T().(testing.TB)
	dir := tb.TempDir()
	for _, role := range []rights.Role{rights.Worker, rights.Scheduler, rights.Monitor} {
		daemon := fmt.Sprintf(`#!/bin/sh
[ "$SWITCHYARD_REDIS_URL" = '%s' ] && export SWITCHYARD_REDIS_URL='%s'
exec '%s' "$@"
`, e.Getenv("SWITCHYARD_REDIS_URL"), leastUser(e, on, role), filepath.Join(binaries, string(role)))
		if err := os.WriteFile(filepath.Join(dir, string(role)), []byte(daemon), 0o700); err != nil { //nolint:gosec // it is to be run
			return err
		}
	}
	e.Setenv("PATH", dir+string(filepath.ListSeparator)+e.Getenv("PATH"))
	for _, addr := range on.servers {
		admin := redistest.Client(tb, addr).(*redis.Client)
		e.Defer(func() {
			sent.note(admin.InfoMap(context.Background(), "commandstats").Val()["Commandstats"])
			redistest.RefusedNobody(tb, addr)
		})
	}
	return nil
}
