package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// built returns a built command with the environment of a script.
func built(ts *testscript.TestScript, args []string) (cmd *exec.Cmd, out, errs *bytes.Buffer) {
	cmd = exec.Command(filepath.Join(binaries, args[0]), args[1:]...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"SWITCHYARD_REDIS_URL", "SWITCHYARD_API", "SWITCHYARD_TOKEN", "PATH", "HOME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, errs
	return cmd, out, errs
}

// exits STATUS COMMAND… runs a command that exits with a status. One that is not 0 leaves nothing
// on standard output, and on standard error what begins with the program's name.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd, out, errs := built(ts, args[1:])
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%v exits with %d, want %d:\n%s%s", args[1:], got, want, out, errs)
	}
	if want == 0 {
		return
	}
	if !strings.HasPrefix(errs.String(), args[1]+": error: ") {
		ts.Fatalf("%v fails in a style of its own: %s", args[1:], errs)
	}
	for _, internal := range []string{"tasks.", ": json:", "strconv", "parsing time", "0x", "goroutine"} {
		if strings.Contains(errs.String(), internal) {
			ts.Fatalf("%v shows how it is made: %s", args[1:], errs)
		}
	}
}

// prints COMMAND… --json runs a command that succeeds and prints one JSON value.
func prints(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: prints COMMAND [ARG…]")
	}
	cmd, out, errs := built(ts, append(args, "--json"))
	if err := cmd.Run(); err != nil {
		ts.Fatalf("%v: %v\n%s%s", args, err, out, errs)
	}
	if !json.Valid(out.Bytes()) {
		ts.Fatalf("%v prints what is not JSON:\n%s", args, out)
	}
}
