package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/internal/rights"
	"switchyard/test/commandtest"
)

// binaries holds the built commands, so that the scripts run what an operator runs.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, clean, err := commandtest.Dir()
	if err != nil {
		panic(err)
	}
	defer clean()
	binaries = dir
	return m.Run()
}

// TestCommands runs the scripts in testdata, each with a private Redis of its
// own at $SWITCHYARD_REDIS_URL, where commands are the least user of the documentation and daemons that of
// their role, free addresses at $ADDR1 to $ADDR4, and the examples at $EXAMPLES.
func TestCommands(t *testing.T) {
	t.Cleanup(func() { needless(t) }) // once all scripts have ended
	runScripts(t, scripts{in: "testdata/*.txtar", on: standalone})
	t.Run("through redis", func(t *testing.T) { runScripts(t, scripts{in: "testdata/doors/*.txtar", on: standalone}) })
	t.Run("through the api", func(t *testing.T) { runScripts(t, scripts{in: "testdata/doors/*.txtar", on: standalone, api: true}) })
	t.Run("on a cluster", func(t *testing.T) { runScripts(t, scripts{in: "testdata/system.txtar", on: cluster}) })
	t.Run("behind sentinel", func(t *testing.T) { runScripts(t, scripts{in: "testdata/system.txtar", on: sentinel}) })
}

// scripts are some scripts, and what they run on.
type scripts struct {
	in string // a pattern of files
	on func(testing.TB) store
	// api has those that follow the command door go through the HTTP API.
	api bool
}

func runScripts(t *testing.T, s scripts) {
	t.Helper()
	files, err := filepath.Glob(s.in)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", s.in, err)
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(e *testscript.Env) error {
			redis := s.on(e.T().(testing.TB))
			e.Setenv("REDIS_ADDR", redis.servers[0])
			e.Setenv("SWITCHYARD_REDIS_URL", leastUser(e, redis, rights.Everybody))
			e.Setenv("PATH", binaries+string(filepath.ListSeparator)+os.Getenv("PATH"))
			if err := daemonsOfTheirOwn(e, redis); err != nil {
				return err
			}
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			e.Setenv("EXAMPLES", examples)
			for _, name := range []string{"ADDR1", "ADDR2", "ADDR3", "ADDR4"} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				e.Setenv(name, l.Addr().String())
				_ = l.Close()
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"door": func(ts *testscript.TestScript, _ bool, _ []string) {
				if s.api {
					openAPI(ts)
				}
			},
			"await":     await,
			"exits":     exits,
			"prints":    prints,
			"model":     model,
			"redbeat":   redBeat,
			"celery":    celeryBroker,
			"awaitfile": awaitFile,
			"awaitpage": awaitPage,
			"post":      post,
			"record":    record,
			"restore":   restore,
			"raise":     raise,
		},
	})
}
