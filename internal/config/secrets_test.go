package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchyard/internal/redact"
)

func TestSecretsAreKnownWhereverTheyStand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("filed-0-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, secret string }{
		"password":             {`redis: {password: pw-1-secret}`, "pw-1-secret"},
		"user info":            {`redis: {url: "redis://x:ui-2%2Fsecret@h:1"}`, "ui-2/secret"},
		"user alone":           {`agents: {x: {runtime: http, url: "http://ua-3-secret@h/"}}`, "ua-3-secret"},
		"query":                {`agents: {x: {runtime: http, url: "http://h/?anything=qu-4-secret"}}`, "qu-4-secret"},
		"query of a source":    {`sources: {x: {url: "http://h/?token=so-5-secret", every: 1h}}`, "so-5-secret"},
		"variable of a key":    {`models: {x: {api: openai-chat, model: m, key_env: PLACE}}`, "variable-6"},
		"variable of a header": {`models: {x: {api: openai-chat, model: m, headers_env: {X-Gateway-Key: PLACE}}}`, "variable-6"},
		"file of a key":        {`models: {x: {api: openai-chat, model: m, key_file: ` + file + `}}`, "filed-0-secret"},
		"listed variable":      {`agents: {x: {runtime: exec, command: [x], env: [PLACE]}}`, "variable-6"},
		"option":               {`agents: {x: {runtime: exec, command: [x, --api-key, op-7-secret]}}`, "op-7-secret"},
		"option with value":    {`agents: {x: {runtime: exec, command: [x, --password=ov-8-secret]}}`, "ov-8-secret"},
		"payload":              {`schedule: {x: {spec: "@daily", kind: cleanup, payload: {deep: {api_token: pl-9-secret}}}}`, "pl-9-secret"},
		"random":               {`agents: {x: {runtime: exec, command: [x, A1b2C3d4E5f6G7h8I9j0]}}`, "A1b2C3d4E5f6G7h8I9j0"},
		"a file of no shape":   {`redis: {pool_size: many, password: ns-10-secret}`, "ns-10-secret"},
		"a URL of no shape":    {`models: {x: {api: openai-chat, model: m, base_url: "http://u:us-11-secret@ho st/"}}`, "us-11-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			if redact.Process = (&redact.Set{}); redact.Process.Text(tc.secret) != tc.secret {
				t.Fatal("it is known already")
			}
			_, _ = Load(write(t, tc.text), []string{"PLACE=variable-6"}, nil)
			if got := redact.Process.Text("<" + tc.secret + ">"); got != "<(hidden)>" {
				t.Errorf("it is %s, want it hidden", got)
			}
		})
	}
}

func TestWhatIsPublicStaysLegible(t *testing.T) {
	redact.Process = &redact.Set{}
	place := t.TempDir()
	_, err := Load(write(t, `
redis: {url: "redis://default:pw-secret@redis.example.org:6379/2", prefix: "switchyard:"}
models: {x: {api: anthropic-messages, model: claude-sonnet-4-20250514, base_url: "https://api.example.org/v1?api-version=2024-10-21", key_env: NOT_SET, headers_env: {X-Gateway-Key: GATEWAY_KEY}}}
agents: {x: {runtime: exec, command: [/usr/bin/python3, /srv/agents/herald.py, --verbose], env: [PATH, MODE, LEVEL, COUNT, OUTBOX, LANG]}}
sources: {news: {url: "https://example.org/feed?topic=climate-change&lang=en", every: 1h}}
`), []string{"PATH=/usr/local/bin:/usr/bin", "MODE=production", "LEVEL=warning", "COUNT=1234567", "PWD=/home/somebody/somewhere", "CREDENTIALS_DIRECTORY=" + place, "OUTBOX=/srv/outbox.txt", "LANG=en_US.UTF-8"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, public := range []string{
		"redis.example.org:6379", "switchyard:", "GATEWAY_KEY", "default", "claude-sonnet-4-20250514", "https://api.example.org/v1", "2024-10-21", "/usr/bin/python3", "/srv/agents/herald.py",
		"--verbose", "/usr/local/bin", "production", "warning", "1234567", "/srv/outbox.txt", "en_US.UTF-8", "climate-change", "/home/somebody/somewhere", place,
	} {
		if got := redact.Process.Text(public); got != public {
			t.Errorf("%s became %s", public, got)
		}
	}
}

func TestPrintHidesWhatStandsInAURL(t *testing.T) {
	redact.Process = &redact.Set{}
	c := Default()
	c.Sources = map[string]Source{"x": {URL: "https://u:p@example.org/feed?q=1&k=2"}}
	text, err := c.Print()
	if want := "url: https://(hidden)@example.org/feed?q=(hidden)&k=(hidden)\n"; err != nil || !strings.Contains(text, want) {
		t.Errorf("%s, %v; want %s in it", text, err, want)
	}
}
