package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// secretsIn has every kind of place of a configuration where a secret can stand, each with one
// of its own, in settings that fail when they are used.
const secretsIn = `
redis: {url: "redis://default:%[1]s@%[2]s"}
routing: [{pattern: "agent_*", queue: agents, policy: {retries: 0}}]
monitor: {users: [{name: ada, password_hash: "hash-of-ada-9Xq2", role: reader}]}
models:
  echo: {api: openai-chat, model: m, base_url: "http://u:modelpass-3kQ@%[3]s/v1?k=modelquery-7pW", key_env: MODEL_KEY}
  deaf: {api: anthropic-messages, model: m, base_url: "http://modeluser-8rT@127.0.0.1:1/?sig=deafquery-2mB", key_file: %[4]s/key}
mcp_servers:
  echo: {url: "http://u:mcppass-5tGx@%[3]s/mcp?x=mcpquery-9dR", token_env: MCP_TOKEN}
  prog: {command: [sh, -c, 'echo "$PROGRAM_TOKEN" >&2; exit 3'], env: [PROGRAM_TOKEN]}
agents:
  service: {runtime: http, url: "http://u:hookpass-4vNz@127.0.0.1:1/?key=hookquery-6sL%%2F1"}
  signed: {runtime: http, url: "http://%[3]s/", secret_env: HOOK_SECRET}
  echoed: {runtime: http, url: "http://%[3]s/?key=echoquery-1fK"}
  model: {runtime: llm, model: echo, instructions: x}
  deaf: {runtime: llm, model: deaf, instructions: x}
  remote: {runtime: llm, model: echo, instructions: x, tools: [echo.tool]}
  local: {runtime: llm, model: echo, instructions: x, tools: [prog.tool]}
  says: {runtime: exec, command: [sh, -c, 'echo "$AGENT_TOKEN" >&2; exit 3'], env: [AGENT_TOKEN]}
  prints: {runtime: exec, command: [sh, -c, 'echo "$AGENT_TOKEN"'], env: [AGENT_TOKEN]}
  tells: {runtime: exec, command: [sh, -c, 'echo "{\"type\":\"progress\",\"message\":\"$AGENT_TOKEN\"}"; echo "{\"type\":\"error\",\"message\":\"$AGENT_TOKEN\"}"'], env: [AGENT_TOKEN]}
  undoes: {runtime: exec, steps: true, command: [sh, -c, 'echo "{\"type\":\"begin\",\"step\":\"a\"}"; echo "{\"type\":\"undone\",\"step\":\"a\",\"message\":\"$AGENT_TOKEN\"}"; exit 3'], env: [AGENT_TOKEN]}
  argument: {runtime: exec, command: [sh, -c, 'echo "$2" >&2; exit 3', --, --api-token, argument-5hJ8]}
`

// planted are the secrets, by where they are.
func planted() (environ []string, all []string) {
	variables := map[string]string{
		"MODEL_KEY": "sk-model/4+Zr 8\"w", "MCP_TOKEN": "mcptoken-2jY6", "PROGRAM_TOKEN": "programtoken-0aC5", "HOOK_SECRET": "no-whsec-3nE7", "AGENT_TOKEN": "agenttoken-7uH1",
		"OTEL_EXPORTER_OTLP_HEADERS": "x-key=otelheader-6wP4",
	}
	for name, value := range variables {
		environ = append(environ, name+"="+value)
		all = append(all, value[strings.LastIndexByte(value, '=')+1:])
	}
	return environ, append(all, "redispass-8bV3", "hash-of-ada-9Xq2", "modelpass-3kQ", "modelquery-7pW", "modeluser-8rT", "deafquery-2mB", "filekey-1gD9",
		"mcppass-5tGx", "mcpquery-9dR", "hookpass-4vNz", "hookquery-6sL/1", "echoquery-1fK", "argument-5hJ8")
}

// findSecrets fails the test if there is a secret in a text, plain or encoded.
func findSecrets(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), fmt.Sprintf("%q", secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("u:" + secret))} {
			if i := strings.Index(text, spelling); i >= 0 {
				t.Errorf("%s has the secret %q: %q", where, secret, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
}

// echo answers with an error that repeats the request.
func echo(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusBadRequest)
	user, password, _ := r.BasicAuth()
	_, _ = fmt.Fprintf(w, `{"error":{"message":"bad request %s with %q, user %s, password %s"}}`, strings.ReplaceAll(r.URL.String(), `"`, ""), r.Header, user, password)
}

func TestNoSecretOfTheConfigurationIsEverSaid(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(echo))
	defer site.Close()
	server := redistest.Server(t, "--rdbcompression", "no")
	dir := t.TempDir()
	environ, secrets := planted()
	environ = append(environ, "PATH="+os.Getenv("PATH"), "SWITCHYARD_CONFIG="+filepath.Join(dir, "config.yaml"))
	text := fmt.Sprintf(secretsIn, "redispass-8bV3", server.Addr, strings.TrimPrefix(site.URL, "http://"), dir)
	for name, content := range map[string]string{"config.yaml": text, "key": "filekey-1gD9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(filepath.Join(binaries, name), args...)
		cmd.Env = environ
		out, _ := cmd.CombinedOutput()
		findSecrets(t, strings.Join(append([]string{name}, args...), " "), string(out), secrets)
		return string(out)
	}
	var log syncBuffer
	worker := exec.Command(filepath.Join(binaries, "worker"), "--queues", "agents", "--listen", "127.0.0.1:0", "--log-level", "debug")
	worker.Env, worker.Stderr = environ, &log
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()

	agents := []string{"service", "signed", "echoed", "model", "deaf", "remote", "local", "says", "prints", "tells", "undoes", "argument"}
	for _, agent := range agents {
		run("switchyard", "enqueue", "agent_"+agent, `{"user":"ada"}`, "--id", agent)
	}
	client := redistest.Client(t, server.Addr)
	inspector := asynq.NewInspectorFromRedisClient(client)
	for _, agent := range agents {
		awaitFailure(t, inspector, agent)
		run("switchyard", "task", "show", "agents", agent)
		run("switchyard", "run", "show", agent)
	}
	if out := run("switchyard", "config", "print"); !strings.Contains(out, "key=(hidden)") || !strings.Contains(out, "://(hidden)@") {
		t.Errorf("config print: %s; want hidden places", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(strings.ReplaceAll(text, "http://", "httq://")+"\nqueues: 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("switchyard", "config", "check")
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(strings.ReplaceAll(strings.ReplaceAll(text, "http://", "httq://"), "redis://", "redos://")), 0o600); err != nil {
		t.Fatal(err)
	}
	run("switchyard", "config", "check")
	run("scheduler")
	findSecrets(t, "the worker's log", log.String(), secrets)
	findSecrets(t, "Redis", dump(t, client), secrets)
}

func awaitFailure(t *testing.T, inspector *asynq.Inspector, id string) {
	t.Helper()
	var last *asynq.TaskInfo
	for deadline := time.Now().Add(awaitAtMost); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		info, err := inspector.GetTaskInfo("agents", id)
		if err == nil && info.State == asynq.TaskStateArchived {
			return
		}
		last = info
	}
	t.Fatalf("task %s has not failed: %+v", id, last)
}

// dump returns everything that is in a Redis.
func dump(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	var all bytes.Buffer
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		value, err := client.Dump(t.Context(), key).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		all.WriteString(key + "\n" + value + "\n")
	}
	return all.String()
}

// syncBuffer is a buffer that is safe for concurrent use.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
