package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// openAPI runs a monitor with the environment of a script at $ADDR4, and has the commands that
// follow go through its API, with a token for everything.
func openAPI(ts *testscript.TestScript) {
	address := ts.Getenv("ADDR4")
	cmd, _, errs := built(ts, []string{"monitor", "--listen", address})
	if config := ts.Getenv("SWITCHYARD_CONFIG"); config != "" {
		cmd.Env = append(cmd.Env, "SWITCHYARD_CONFIG="+config)
	}
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Logf("monitor: %s", errs)
	})
	until(ts, "the monitor", func() (string, bool) {
		body := get("http://" + address + "/readyz")
		return body, strings.Contains(body, "redis: ok")
	})
	ts.Setenv("SWITCHYARD_TOKEN", makeToken(ts, "tester", "admin"))
	ts.Setenv("SWITCHYARD_API", "http://"+address)
}

// makeToken returns a token with a scope.
func makeToken(ts *testscript.TestScript, name, scope string) string {
	cmd := exec.Command(filepath.Join(binaries, "switchyard"), "token", "make", name, "--scope", scope)
	cmd.Env = []string{"SWITCHYARD_REDIS_URL=" + ts.Getenv("SWITCHYARD_REDIS_URL")}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		ts.Fatalf("token make: %v\n%s", err, &errs)
	}
	return strings.TrimSpace(string(out))
}
