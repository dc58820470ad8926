package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// awaitAtMost bounds a script's wait for other processes, which signal nothing to it.
const awaitAtMost = time.Minute

// until calls seen until it returns true. what it returns besides says how far it got.
func until(ts *testscript.TestScript, what string, seen func() (string, bool)) {
	last := ""
	for deadline := time.Now().Add(awaitAtMost); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var ok bool
		if last, ok = seen(); ok {
			return
		}
	}
	ts.Fatalf("%s: not within %s; last:\n%s", what, awaitAtMost, last)
}

// await TEXT COMMAND… runs a command until its output contains TEXT.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await TEXT COMMAND [ARG…]")
	}
	until(ts, fmt.Sprintf("%q from %v", args[0], args[1:]), func() (string, bool) {
		cmd := exec.Command(filepath.Join(binaries, args[1]), args[2:]...)
		for _, name := range []string{"SWITCHYARD_REDIS_URL", "SWITCHYARD_API", "SWITCHYARD_TOKEN"} {
			cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
		}
		out, _ := cmd.CombinedOutput()
		return string(out), strings.Contains(string(out), args[0])
	})
}

// awaitpage TEXT URL gets a page until it contains TEXT. A metric, such as name{label="value"}, has
// been counted then: one that is still 0 is none.
func awaitPage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitpage TEXT URL")
	}
	until(ts, fmt.Sprintf("%q at %s", args[0], args[1]), func() (string, bool) {
		body := get(args[1])
		return body, strings.Contains(strings.ReplaceAll(body, args[0]+" 0\n", ""), args[0])
	})
}

// awaitfile PATTERN [TEXT] waits until a file in the work directory matches, and has TEXT in it.
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: awaitfile PATTERN [TEXT]")
	}
	until(ts, strings.Join(args, ": "), func() (string, bool) {
		files, err := filepath.Glob(ts.MkAbs(args[0]))
		if len(args) == 1 || len(files) == 0 {
			return fmt.Sprint(files, err), len(files) > 0
		}
		text, err := os.ReadFile(files[0])
		return fmt.Sprint(string(text), err), strings.Contains(string(text), args[1])
	})
}

// post URL BODY posts JSON to a page of the monitor, which has to take it.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: post URL BODY")
	}
	ctx, cancel := context.WithTimeout(context.Background(), awaitAtMost)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, args[0], strings.NewReader(args[1]))
	ts.Check(err)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode >= http.StatusMultipleChoices {
		ts.Fatalf("%s: %s: %s", args[0], answer.Status, body)
	}
}

// get returns a page's body, or why there is none.
func get(url string) string {
	ctx, cancel := context.WithTimeout(context.Background(), awaitAtMost)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error()
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func exists(ts *testscript.TestScript, file string) bool {
	_, err := os.Stat(ts.MkAbs(file))
	return err == nil
}
