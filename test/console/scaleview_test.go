package console

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchyard/test/commandtest"
)

// scaleMonitor is the monitor as it is built, in a process of its own.
type scaleMonitor struct {
	url string
	pid int
}

// scaleRun runs the monitor as it is built until the benchmark ends.
func scaleRun(b *testing.B, redisURL string) scaleMonitor {
	b.Helper()
	dir, clean, err := commandtest.Dir()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(clean)
	cmd := exec.Command(filepath.Join(dir, "monitor"), "--listen", "127.0.0.1:0", "--log-format", "json") //nolint:gosec // one of ours
	cmd.Env = append(os.Environ(), "SWITCHYARD_REDIS_URL="+redisURL)
	out, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	m := scaleMonitor{pid: cmd.Process.Pid}
	for m.url == "" && lines.Scan() {
		var line struct{ URL string }
		_ = json.Unmarshal(lines.Bytes(), &line) // other lines are no matter
		m.url = strings.TrimSuffix(line.URL, "/")
	}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, out) })
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait() // it was killed
	})
	if m.url == "" {
		b.Fatal("the monitor does not say where it listens")
	}
	return m
}

// memory returns how much of the monitor is in memory, in MB.
func (m scaleMonitor) memory(b *testing.B) (mb float64) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		b.Skip("the memory of a process is not told here: ", err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	_, _ = fmt.Sscan(after, &mb)
	return mb / 1024
}

// scaleLook asks for a page, and reports whether it came.
func scaleLook(ctx context.Context, client *http.Client, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return err == nil && res.StatusCode == http.StatusOK
}

// scaleView is a page that is open in a browser: it follows a stream, and asks for itself again every some
// seconds, and 150 ms after an event. opened is told once the stream is open, and asked counts the pages.
func scaleView(ctx context.Context, page, stream string, every time.Duration, opened func(), asked *atomic.Int64) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, stream, http.NoBody)
	if err != nil {
		return
	}
	res, err := client.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	events := make(chan struct{}, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { _ = res.Body.Close() }()
	reading.Go(func() {
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "event: ") {
				select {
				case events <- struct{}{}:
				default:
				}
			}
		}
	})
	opened()
	again := time.NewTicker(every)
	defer again.Stop()
	var soon <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			if soon == nil {
				soon = time.After(150 * time.Millisecond)
			}
			continue
		case <-soon:
			soon = nil
		case <-again.C:
		}
		if scaleLook(ctx, client, page) {
			asked.Add(1)
		}
	}
}
