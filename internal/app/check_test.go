package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/internal/config"
)

// loaded returns a configuration, in whose text DIR is a directory with a program, a file that is
// none, and a directory.
func loaded(t *testing.T, text string) (config.Config, string) {
	t.Helper()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"program": 0o755, "file": 0o644, "empty": 0o644} {
		content := "#!/bin/sh\n"
		if name == "empty" {
			content = ""
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "switchyard.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func TestWhatAMachineLacksIsFoundBeforeTheFirstTask(t *testing.T) {
	const (
		install = ": install it where the workers run, executable for their user, or name another"
		create  = ": create it where the workers run, for their user to enter"
		read    = ": create it where the workers run, for their user to read"
		model   = "models: {x: {api: openai-chat, model: m, "
	)
	t.Setenv("CHECK_SECRET", "no-whsec")
	t.Setenv("CHECK_KEY", "a\nb")
	t.Setenv("CHECK_BLANK", " ")
	for text, want := range map[string]string{
		"": "",
		"agents: {x: {runtime: exec, command: [sh]}}":                             "",
		"agents: {x: {runtime: exec, command: [DIR/program]}}":                    "",
		"agents: {x: {runtime: exec, command: [./program], dir: DIR}}":            "",
		"agents: {x: {runtime: exec, command: [sub/../program], dir: DIR}}":       `agents.x: command "sub/../program": no such file or directory` + install,
		"agents: {x: {runtime: exec, command: [program], dir: DIR}}":              `agents.x: command "program": executable file not found in $PATH` + install,
		"agents: {x: {runtime: exec, command: [./program]}}":                      `agents.x: command "./program": no such file or directory` + install,
		"agents: {x: {runtime: exec, command: [DIR/none]}}":                       `agents.x: command "DIR/none": no such file or directory` + install,
		"agents: {x: {runtime: exec, command: [DIR/file]}}":                       `agents.x: command "DIR/file": permission denied` + install,
		"agents: {x: {runtime: exec, command: [DIR]}}":                            `agents.x: command "DIR": is a directory` + install,
		"agents: {x: {runtime: exec, command: [sh], dir: DIR/none}}":              `agents.x: dir "DIR/none": no such file or directory` + create,
		"agents: {x: {runtime: exec, command: [sh], dir: DIR/file}}":              `agents.x: dir "DIR/file": not a directory` + create,
		"agents: {x: {runtime: exec, command: [sh], allow: {read: [DIR/none]}}}":  "agents.x: allow.read: stat DIR/none: no such file or directory",
		"agents: {x: {runtime: exec, command: [sh], env: [CHECK_UNSET]}}":         "",
		"agents: {x: {runtime: exec, command: [sh], env: [CHECK_TOKEN]}}":         "agents.x.env: the variable CHECK_TOKEN is not set: set it where the workers run",
		"agents: {x: {runtime: http, url: 'http://h', secret_env: CHECK_UNSET}}":  "agents.x.secret_env: the variable CHECK_UNSET is not set: set it where the workers run",
		"agents: {x: {runtime: http, url: 'http://h', secret_env: CHECK_SECRET}}": "agents.x: secret_env: the variable CHECK_SECRET holds no Standard Webhooks secret: it is whsec_ and base64",
		"mcp_servers: {x: {command: [DIR/none]}}":                                 `mcp_servers.x: command "DIR/none": no such file or directory` + install,
		"mcp_servers: {x: {url: 'http://h', token_env: CHECK_UNSET}}":             "mcp_servers.x.token_env: the variable CHECK_UNSET is not set: set it where the workers run",
		model + "key_env: CHECK_BLANK}}":                                          "models.x.key_env: the variable CHECK_BLANK is not set: set it where the workers run",
		model + "key_env: CHECK_KEY}}":                                            "models.x: the key of m has a control character, and cannot be sent",
		model + "headers_env: {A: CHECK_UNSET, B: CHECK_SECRET}}}":                "models.x.headers_env.A: the variable CHECK_UNSET is not set: set it where the workers run",
		model + "key_file: DIR/file}}":                                            "",
		model + "key_file: DIR/none}}":                                            "models.x.key_file: open DIR/none: no such file or directory" + read,
		model + "key_file: DIR/empty}}":                                           "models.x.key_file: DIR/empty is empty: put into it what it is for",
		model + "key_file: DIR}}":                                                 "models.x.key_file: read DIR: is a directory: name a file",
		"redis: {url: 'rediss://h:1', ca_file: DIR/none}":                         "redis.ca_file: open DIR/none: no such file or directory" + read,
		"redis: {url: 'rediss://h:1', ca_file: DIR/file}":                         "redis CA file DIR/file: holds no PEM certificate",
		"briefings: {dir: DIR/a/b}":                                               "",
		"briefings: {dir: DIR/file}":                                              `briefings.dir "DIR/file": `,
	} {
		c, dir := loaded(t, text)
		if err := Check(c); err != nil {
			t.Errorf("%s: the file is to be valid: %v", text, err)
		}
		got := ""
		if err := CheckHere(c); err != nil {
			got = strings.ReplaceAll(err.Error(), dir, "DIR")
		}
		if begins := strings.HasSuffix(want, ": ") && strings.HasPrefix(got, want); got != want && !begins {
			t.Errorf("%s: error\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestKindsThatAnAgentCouldNotSendAreFound(t *testing.T) {
	c, _ := loaded(t, "models: {m: {api: openai-chat, model: m}}\nagents: {x: {runtime: llm, model: m, instructions: x, tools: [enqueue], enqueues: [scrape_page, scrape_pages]}}")
	const want = `agent "x": enqueues: kind "scrape_pages" is unknown: known are agent_scout, agent_x, briefing_deliver, briefing_generate, briefing_write, scrape_feed, scrape_page, scrape_site, scrape_sitemap`
	if err := Check(c); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestWhatMayNotBeMeantIsRemarked(t *testing.T) {
	c, _ := loaded(t, `
redis: {pool_size: 7}
policies: {scrape_page: {retries: 1}, agent_typo: {retries: 1}}
schedule:
  over: {spec: "@daily", end: 2020-01-01, kind: scrape_page, payload: {url: "https://example.org/"}}
  both: {spec: "0 8 1 * MON", kind: scrape_page, payload: {url: "https://example.org/"}}
`)
	remarks, err := Remarks(c)
	if err != nil || len(remarks) != 4 {
		t.Fatalf("%q, %v; want four remarks", remarks, err)
	}
	for i, want := range []string{
		"redis.pool_size is 7, and a worker of all 4 queues has up to 8 round trips under way, which then wait for each other: raise it, or give workers some of the queues with --queues",
		`policies.agent_typo: kind "agent_typo" is unknown: known are agent_scout, briefing_deliver, briefing_generate, briefing_write, scrape_feed, scrape_page, scrape_site, scrape_sitemap`,
		"schedule entry both: day of month 1 and day of week MON are both restricted",
		"schedule entry over: it is never due again: remove it, or give it other times",
	} {
		if !strings.HasPrefix(remarks[i], want) {
			t.Errorf("remark %q, want %q", remarks[i], want)
		}
	}
	if remarks, err := Remarks(config.Default()); err != nil || len(remarks) > 0 {
		t.Errorf("of the defaults: %q, %v", remarks, err)
	}
}
