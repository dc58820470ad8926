package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// scene is the system that the pictures show.
type scene struct {
	program string   // the built switchyard
	redis   string   // URL
	listen  string   // address of the monitor
	others  string   // URL of what belongs to others
	env     []string // of all commands, beside this process's own
}

// config writes a configuration with an agent that asks a model at an address, and with a chat that
// takes messages and says nothing.
func (s *scene) config(dir, model string) error {
	text := fmt.Sprintf(`worker: {drain: 1s}
scheduler: {listen: 127.0.0.1:0}
monitor: {traces: "https://traces.example.org/trace/{trace}"}
models:
  local: {api: openai-chat, model: scripted-1, base_url: %q, price: {input: 3, output: 15}}
user_day: {money: 0.5}
agents:
  research:
    runtime: llm
    model: local
    instructions: Find out what is new about the user's topics, and have pages read that are missing.
    tools: [search_documents, read_document, enqueue]
    enqueues: [scrape_page]
    approve: [enqueue]
policies:
  scrape_page: {retries: 2, retry_delay: 1s}
chats:
  team: {url_env: TEAM_CHAT}
`, model+"/v1")
	path := filepath.Join(dir, "switchyard.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	s.env = []string{"SWITCHYARD_CONFIG=" + path, "TEAM_CHAT=generic://" + strings.Replace(s.others, "http://127.0.0.1", "localhost", 1) + "/hook?disabletls=yes&template=json"}
	return nil
}

// start runs switchyard dev until it has written its first briefing, and returns what
// ends it.
func (s *scene) start(ctx context.Context) (end func(), err error) {
	dev := exec.CommandContext(ctx, s.program, "dev", "--redis", s.redis, "--listen", s.listen, "--log-level", "error") //nolint:gosec // the flag of whoever draws
	dev.Stderr = os.Stderr
	dev.Env = append(os.Environ(), s.env...)
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

// furnish gives the system users, a schedule, sources, agents and tasks in all states, as operators
// and their programs would.
func (s *scene) furnish(ctx context.Context) error {
	docs := "http://" + s.listen + "/docs/"
	if err := s.do(ctx, [][]string{
		{"user", "set", "ada", "--topic", "worker lost", "--topic", "time zone", "--zone", "Europe/Berlin", "--time", "07:30", "--channel", "in_app,chat", "--chat", "team", "--quiet-day", "sun"},
		{"user", "set", "kenji", "--topic", "schedule ticks", "--zone", "Asia/Tokyo"},
		{"user", "set", "mia", "--topic", "agents", "--zone", "Europe/Paris", "--time", "06:45"},
		{"schedule", "add", "status", "@every 5s", "scrape_page", page(docs + "tasks")},
		{"schedule", "add", "news", "*/30 8-18 * * 1-5", "scrape_page", page(docs + "scheduling"), "--zone", "Europe/Berlin"},
		{"schedule", "add", "invoices", "RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1;BYHOUR=18 DTSTART:20260101T180000", "scrape_page", page(docs + "tokens"), "--zone", "Europe/Paris", "--overlap", "skip"},
		{"schedule", "add", "harbour", "@sunset 53.5 10", "scrape_page", page(docs + "redis"), "--zone", "Europe/Berlin"},
		{"schedule", "pause", "harbour"},
		{"source", "add", "handbook", docs, "--kind", "site", "--limit", "5"},
		{"source", "add", "gazette", "http://" + s.listen + "/gazette.atom"},
		{"schedule", "run", "source:handbook"},
		{"schedule", "run", "source:gazette"},
		{"token", "make", "shop", "--scope", "tasks:send:agent_*", "--scope", "tasks:read"},
		{"token", "make", "ada's page", "--scope", "briefings:read", "--scope", "brake:write", "--user", "ada"},
		{"enqueue", "briefing_generate", `{"user":"ada"}`, "--id", "morning"},
		{"task", "wait", "briefings/morning"},
		{"task", "wait", "briefings/morning.write"},
		{"enqueue", "agent_research", `{"user":"ada","topics":["worker lost"]}`, "--id", "lost-workers"},
		{"enqueue", "agent_research", `{"user":"mia","topics":["agents"]}`, "--id", "agents-of-others"},
		{"enqueue", "agent_research", `{"user":"kenji","topics":["schedule ticks"]}`, "--id", "ticks"},
		{"enqueue", "agent_research", `{"user":"you","topics":["Celery"]}`, "--id", "celery"},
		{"task", "wait", "agents/celery"},
		{"enqueue", "scrape_page", page(s.others + "/prices"), "--id", "prices", "--tag", "order:4711", "--meta", "team=shop"},
		{"enqueue", "scrape_page", page(docs + "missing"), "--tag", "order:4712"},
		{"enqueue", "scrape_page", page(docs + "agents"), "--id", "late", "--in", "2h"},
		{"enqueue", "briefing_generate", `{"user":"kenji"}`, "--in", "1h"},
		{"task", "cancel", "scraping/late"},
	}); err != nil {
		return err
	}
	for _, until := range [][]string{ // whose end nobody can be asked to wait for
		{"Last tick", "schedule", "show", "status"},
		{"chat", "briefing", "doubts"},
		{"enqueue", "status", "ada"},
		{"ticks", "status", "kenji"},
		{"agents-of-others", "status", "mia"},
		{"failed", "task", "show", "scraping/prices"},
		{"Failures    1", "source", "show", "gazette"},
		{"Last visit", "source", "show", "handbook"},
	} {
		if err := s.await(ctx, until[0], until[1:]...); err != nil {
			return err
		}
	}
	return s.do(ctx, [][]string{{"pause", "mia"}, {"schedule", "run", "briefing:mia"}})
}

// do runs commands one after the other.
func (s *scene) do(ctx context.Context, commands [][]string) error {
	for _, args := range commands {
		if _, err := s.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// await runs a command again and again until it prints a text.
func (s *scene) await(ctx context.Context, text string, args ...string) error {
	for last := ""; ; {
		shown, err := s.run(ctx, args...)
		switch {
		case err != nil && last != "":
			return fmt.Errorf("%w; it printed before, without %q: %s", err, text, last)
		case err != nil || strings.Contains(shown, text):
			return err
		}
		last = shown
		time.Sleep(200 * time.Millisecond)
	}
}

// run runs a command of switchyard and returns what it prints.
func (s *scene) run(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, s.program, append(args, "--redis", s.redis)...) //nolint:gosec // as above
	command.Env = append(os.Environ(), s.env...)
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// page is the payload of scrape_page.
func page(url string) string { return fmt.Sprintf(`{"url":%q}`, url) }
