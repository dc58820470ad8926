package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/internal/rights"
	"switchyard/test/commandtest"
	"switchyard/test/redistest"
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

// TestCommands runs the scripts in testdata, each with a private redis-server of its
// own at $SWITCHYARD_REDIS_URL, where commands are the least user of the documentation and daemons that of
// their role, free addresses at $ADDR1 to $ADDR4, and the examples at $EXAMPLES.
func TestCommands(t *testing.T) {
	t.Cleanup(func() { needless(t) }) // once all scripts have ended
	runScripts(t, "testdata", false)
	t.Run("through redis", func(t *testing.T) { runScripts(t, "testdata/doors", false) })
	t.Run("through the api", func(t *testing.T) { runScripts(t, "testdata/doors", true) })
}

// runScripts runs the scripts of a directory. Their command door makes those that follow go through
// the HTTP API, if api says so.
func runScripts(t *testing.T, dir string, api bool) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			server := redistest.Server(e.T().(testing.TB))
			e.Setenv("REDIS_ADDR", server.Addr)
			e.Setenv("SWITCHYARD_REDIS_URL", leastUser(e, server.Addr, rights.Everybody))
			e.Setenv("PATH", binaries+string(filepath.ListSeparator)+os.Getenv("PATH"))
			if err := daemonsOfTheirOwn(e, server.Addr); err != nil {
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
				if api {
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
