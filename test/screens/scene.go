package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// scene is the system that the pictures show.
type scene struct {
	program string // the built switchyard
	redis   string // URL
	listen  string // address of the monitor
}

// start runs switchyard dev until it has written its first briefing, and returns what
// ends it.
func (s scene) start(ctx context.Context) (end func(), err error) {
	dev := exec.CommandContext(ctx, s.program, "dev", "--redis", s.redis, "--listen", s.listen, "--log-level", "warn") //nolint:gosec // the flag of whoever draws
	dev.Stderr = os.Stderr
	output, err := dev.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read what dev prints: %w", err)
	}
	if err := dev.Start(); err != nil {
		return nil, fmt.Errorf("start %s: run make build first: %w", s.program, err)
	}
	end = func() {
		_ = dev.Process.Signal(os.Interrupt)
		_ = dev.Wait()
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "The first briefing took ") {
			go func() { _, _ = io.Copy(io.Discard, output) }() // until dev ends
			return end, nil
		}
	}
	end()
	return nil, errors.Join(errors.New("dev ended before its first briefing"), lines.Err())
}

// furnish gives the system users, a schedule and tasks in several states, as an operator would.
func (s scene) furnish(ctx context.Context) error {
	docs := "http://" + s.listen + "/docs/"
	for _, args := range [][]string{
		{"user", "set", "ada", "--topic", "worker lost", "--topic", "time zone", "--zone", "Europe/Berlin", "--time", "07:30"},
		{"user", "set", "kenji", "--topic", "schedule ticks", "--zone", "Asia/Tokyo"},
		{"user", "set", "mia", "--topic", "agents", "--zone", "Europe/Paris", "--time", "06:45"},
		{"schedule", "add", "status", "@every 2s", "scrape_page", page(docs + "tasks")},
		{"schedule", "add", "news", "*/30 8-18 * * 1-5", "scrape_page", page(docs + "scheduling"), "--zone", "Europe/Berlin"},
		{"schedule", "add", "harbour", "@sunset 53.5 10", "scrape_page", page(docs + "redis"), "--zone", "Europe/Berlin"},
		{"schedule", "pause", "harbour"},
		{"enqueue", "briefing_generate", `{"user":"ada"}`, "--id", "morning"},
		{"task", "wait", "briefings/morning"},
		{"task", "wait", "briefings/morning.write"},
		{"queue", "pause", "agents"},
		{"schedule", "run", "briefing:kenji"},
		{"schedule", "run", "briefing:mia"},
		{"enqueue", "briefing_generate", `{"user":"kenji"}`, "--in", "1h"},
		{"enqueue", "scrape_page", page(docs + "agents"), "--id", "late", "--in", "2h"},
		{"task", "cancel", "scraping/late"},
	} {
		if _, err := s.run(ctx, args...); err != nil {
			return err
		}
	}
	for { // a tick is enqueued by a scheduler: nobody can be asked to wait for it
		shown, err := s.run(ctx, "schedule", "show", "status")
		if err != nil || strings.Contains(shown, "Last tick") {
			return err
		}
	}
}

// run runs a command of switchyard and returns what it prints.
func (s scene) run(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, s.program, append(args, "--redis", s.redis)...).CombinedOutput() //nolint:gosec // as above
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// page is the payload of scrape_page.
func page(url string) string { return fmt.Sprintf(`{"url":%q}`, url) }
