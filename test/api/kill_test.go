package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// startMonitor runs the monitor as it is built until the test ends, and returns where it is.
func startMonitor(t *testing.T, dir, redis string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, "monitor"), "--listen", "127.0.0.1:0", "--log-format", "json") //nolint:gosec // one of ours
	cmd.Env = append(os.Environ(), "SWITCHYARD_REDIS_URL="+redis)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var line struct{ URL string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.URL != "" && len(told) == 0 {
				told <- strings.TrimSuffix(line.URL, "/")
			}
		}
		_, _ = io.Copy(io.Discard, out)
	})
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait() // it was killed
	})
	t.Cleanup(kill)
	select {
	case url = <-told:
	case <-time.After(time.Minute):
		t.Fatal("the monitor does not say where it listens")
	}
	return url, kill
}

// sendNth sends the nth task with a key of its own, and returns its ID, or "" if it is not answered with 2xx.
func sendNth(client *http.Client, url string, n int) (id string) {
	r, err := http.NewRequest(http.MethodPost, url+"/v1/tasks", strings.NewReader(fmt.Sprintf(`{"kind":"scrape_page","payload":{"url":"https://example.org/%d"}}`, n)))
	if err != nil {
		return ""
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", fmt.Sprint(n))
	res, err := client.Do(r)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	var task struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&task); err != nil || res.StatusCode >= 300 {
		return ""
	}
	return task.ID
}

const (
	killTasks       = 1000
	killConnections = 8
	killAfter       = 400 // answers
)

// sendAll sends tasks over several connections, and returns the IDs of those that were answered with 2xx,
// by their numbers. Each answer is told.
func sendAll(url string, numbers []int, answered func()) map[int]string {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: killConnections}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	ids := make(map[int]string)
	var sending sync.WaitGroup
	for part := range killConnections {
		sending.Go(func() {
			for i := part; i < len(numbers); i += killConnections {
				id := sendNth(client, url, numbers[i])
				if id == "" {
					continue
				}
				mu.Lock()
				ids[numbers[i]] = id
				mu.Unlock()
				answered()
			}
		})
	}
	sending.Wait()
	return ids
}

// TestWhatAKilledMonitorHasAnsweredIsInRedisOnce kills the monitor in the middle of a thousand tasks, and has
// another one be asked for those that got no answer.
func TestWhatAKilledMonitorHasAnsweredIsInRedisOnce(t *testing.T) {
	dir, clean, err := commandtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clean)
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	url, kill := startMonitor(t, dir, "redis://"+server.Addr+"/0")
	all := make([]int, killTasks)
	for n := range all {
		all[n] = n
	}
	var mu sync.Mutex
	answers := 0
	ids := sendAll(url, all, func() {
		mu.Lock()
		defer mu.Unlock()
		if answers++; answers == killAfter {
			kill()
		}
	})
	if len(ids) < killAfter || len(ids) == killTasks {
		t.Fatalf("%d of %d tasks were answered: it was not killed in their middle", len(ids), killTasks)
	}
	holdOnce(t, client, ids)

	url, _ = startMonitor(t, dir, "redis://"+server.Addr+"/0")
	for until := time.Now().Add(time.Minute); len(ids) < killTasks && time.Now().Before(until); {
		left := slices.DeleteFunc(slices.Clone(all), func(n int) bool { return ids[n] != "" })
		for n, id := range sendAll(url, left, func() {}) {
			ids[n] = id
		}
	}
	if len(ids) != killTasks {
		t.Fatalf("%d of %d tasks were answered in the end", len(ids), killTasks)
	}
	holdOnce(t, client, ids)
	if n, err := client.LLen(t.Context(), "asynq:{scraping}:pending").Result(); n != killTasks || err != nil {
		t.Errorf("%d tasks wait, %v, want %d", n, err, killTasks)
	}
}

// holdOnce fails the test unless each task is in Redis exactly once, and is its own.
func holdOnce(t *testing.T, client redis.UniversalClient, ids map[int]string) {
	t.Helper()
	waiting, err := client.LRange(t.Context(), "asynq:{scraping}:pending", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	times := make(map[string]int)
	for _, id := range waiting {
		times[id]++
	}
	for n, id := range ids {
		msg, err := client.HGet(t.Context(), "asynq:{scraping}:t:"+id, "msg").Result()
		if err != nil || times[id] != 1 || !strings.Contains(msg, fmt.Sprintf(`"https://example.org/%d"`, n)) {
			t.Errorf("task %d, %s, waits %d times, want once: %q, %v", n, id, times[id], msg, err)
		}
	}
}
