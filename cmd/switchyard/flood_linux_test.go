package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// TestIdleConnectionsTakeNoFilesFromTasks has a worker that may open 256 files, and 600 idle
// connections to its health. A task that needs a connection of its own succeeds, and so does
// a probe.
func TestIdleConnectionsTakeNoFilesFromTasks(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "A page that is long enough to be read as one.")
	}))
	defer site.Close()
	server := redistest.Server(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	health := free.Addr().String()
	_ = free.Close()
	environ := []string{"SWITCHYARD_REDIS_URL=redis://" + server.Addr, "SWITCHYARD_FETCHER_ALLOW_PRIVATE=true"}
	worker := exec.Command("sh", "-c", `ulimit -n 256; exec "$@"`, "sh", filepath.Join(binaries, "worker"), "--queues", "scraping", "--listen", health)
	worker.Env, worker.Stderr = environ, os.Stderr
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()
	for deadline := time.Now().Add(awaitAtMost); !strings.Contains(get("http://"+health+"/readyz"), "lanes: ok"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the worker is not ready")
		}
	}
	for range 600 {
		conn, err := net.Dial("tcp", health)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	run := func(args ...string) string {
		cmd := exec.Command(filepath.Join(binaries, "switchyard"), args...)
		cmd.Env = environ
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	run("enqueue", "scrape_page", `{"url":"`+site.URL+`"}`, "--id", "page")
	run("task", "wait", "scraping/page", "--timeout", awaitAtMost.String())
	if shown := run("task", "show", "scraping/page"); strings.Contains(shown, `"last_error"`) {
		t.Errorf("the task did not succeed at once: %s", shown)
	}
	if body := get("http://" + health + "/readyz"); !strings.Contains(body, "lanes: ok") {
		t.Errorf("a probe: %s", body)
	}
}
