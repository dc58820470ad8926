package chart

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a daemon may take on a machine that others use.
const patience = 30 * time.Second

// process is a daemon that runs.
type process struct {
	address string // of its health
	log     *bytes.Buffer
	ended   chan error
	command *exec.Cmd
}

// environ returns the variables of a container, with its file and directories where the test has
// them.
func (c container) environ(t *testing.T, dir string) map[string]string {
	t.Helper()
	file := filepath.Join(dir, "switchyard.yaml")
	if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"SWITCHYARD_CONFIG": file, "TMPDIR": dir}
	for variable, value := range c.env {
		if variable != "SWITCHYARD_CONFIG" {
			env[variable] = value
		}
	}
	return env
}

// start starts a daemon as its container would, on a Redis at an address and on a port of loopback.
func (c container) start(t *testing.T, bin, redis string) *process {
	t.Helper()
	dir := t.TempDir()
	env := c.environ(t, dir)
	p := &process{address: freeAddress(t), log: new(bytes.Buffer), ended: make(chan error, 1)}
	env["SWITCHYARD_REDIS_URL"] = here(t, env["SWITCHYARD_REDIS_URL"], redis)
	delete(env, "OTEL_EXPORTER_OTLP_ENDPOINT") // nobody collects here
	listen := "SWITCHYARD_" + strings.ToUpper(c.component) + "_LISTEN"
	if _, port, err := net.SplitHostPort(env[listen]); err != nil || port == "" {
		t.Fatalf("%s listens on %q", c, env[listen])
	}
	env[listen] = p.address
	p.command = command(bin, c.command, env, dir)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	return p
}

// command runs a program of the image with some variables and no others.
func command(bin string, words []string, env map[string]string, dir string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(bin, words[0]), words[1:]...)
	cmd.Dir, cmd.Env = dir, []string{}
	for variable, value := range env {
		cmd.Env = append(cmd.Env, variable+"="+value)
	}
	return cmd
}

// here turns the URL of any Redis into that of a standalone one at an address, for the same user.
func here(t *testing.T, redis, address string) string {
	t.Helper()
	u, err := url.Parse(redis)
	if err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "redis", User: u.User, Host: address, Path: "/0"}).String()
}

// answers waits until a daemon answers a path with 200, and fails the test if the daemon ends or says no for
// too long.
func (p *process) answers(t *testing.T, c container, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := "nothing"
	for {
		if status, body := get(ctx, p.address, path, ""); status == http.StatusOK {
			return
		} else if status != 0 {
			last = body
		}
		select {
		case err := <-p.ended:
			t.Fatalf("%s ended: %v\n%s", c, err, p.log)
		case <-ctx.Done():
			p.stop(t, c)
			t.Fatalf("%s says at %s: %s\n%s", c, path, last, p.log)
		case <-tick.C:
		}
	}
}

// get asks for a page, signed in with the password of testdata/secrets.yaml if a user is given.
func get(ctx context.Context, address, path, user string) (int, string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return 0, err.Error()
	}
	if user != "" {
		r.SetBasicAuth(user, "a long password")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// stop sends SIGTERM, and waits until the daemon has ended well.
func (p *process) stop(t *testing.T, c container) {
	t.Helper()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("%s ends with %v\n%s", c, err, p.log)
		}
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		t.Errorf("%s does not stop\n%s", c, p.log)
	}
}
