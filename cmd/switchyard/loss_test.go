package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"switchyard/test/redistest"
)

// startWorker starts a worker process with this environment and these arguments, killed with the test.
func startWorker(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "worker"), append(args, "--listen", "127.0.0.1:0")...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// startScraper starts a worker of the queue scraping.
func startScraper(t *testing.T, addr string) *exec.Cmd {
	t.Helper()
	env := []string{"SWITCHYARD_REDIS_URL=redis://" + addr, "SWITCHYARD_FETCHER_ALLOW_PRIVATE=true", "SWITCHYARD_FETCHER_POLITENESS_ROBOTS=false"}
	return startWorker(t, env, "--queues", "scraping")
}

// TestAKilledWorkersTaskIsNotLost kills a worker in the middle of a task. Another one takes
// the task once its lease has not been renewed for 12 seconds.
func TestAKilledWorkersTaskIsNotLost(t *testing.T) {
	asked, hang := make(chan struct{}, 2), make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-hang:
			_, _ = fmt.Fprint(w, "A page that is long enough to be read as one.")
		case <-r.Context().Done():
		}
	}))
	defer site.Close()
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	inspector := asynq.NewInspectorFromRedisClient(client)

	worker := startScraper(t, server.Addr)
	enqueue := exec.Command(filepath.Join(binaries, "switchyard"), "enqueue", "scrape_page", `{"url":"`+site.URL+`"}`, "--id", "lost")
	enqueue.Env = []string{"SWITCHYARD_REDIS_URL=redis://" + server.Addr}
	if out, err := enqueue.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	<-asked
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()

	startScraper(t, server.Addr)
	<-asked
	close(hang)
	awaitTask(t, inspector, func(info *asynq.TaskInfo) bool {
		return info.State == asynq.TaskStateCompleted && info.Retried == 0 && info.LastErr == "worker lost: the task's lease was not renewed for 12s"
	})
	if len(asked) != 0 {
		t.Errorf("the page was asked for %d more times", len(asked))
	}
}

func awaitTask(t *testing.T, inspector *asynq.Inspector, ok func(*asynq.TaskInfo) bool) {
	t.Helper()
	var last *asynq.TaskInfo
	for deadline := time.Now().Add(awaitAtMost); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		info, err := inspector.GetTaskInfo("scraping", "lost")
		if err != nil {
			t.Fatal(err)
		}
		if last = info; ok(info) {
			return
		}
	}
	t.Fatalf("the task did not get there: %+v", last)
}
