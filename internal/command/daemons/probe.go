package daemons

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/config"
)

// probeTimeout is longer than the daemon gives its own checks.
const probeTimeout = 5 * time.Second

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// probe asks a daemon how it is.
type probe struct {
	Live bool `help:"Ask only whether the process lives, and not whether it can do its work."`
}

// answer is what a daemon says of itself.
type answer struct {
	OK     bool     `json:"ok"`
	Checks []string `json:"checks"`
}

type workerProbe struct{ probe }

// Run implements the command.
func (p workerProbe) Run(f *config.Flags, w *WorkerCommands, out *command.Output) error {
	c, err := f.Load(w.override)
	return p.ask(c.Worker.Listen, err, out)
}

type schedulerProbe struct{ probe }

// Run implements the command.
func (p schedulerProbe) Run(f *config.Flags, s *SchedulerCommands, out *command.Output) error {
	c, err := f.Load(s.override)
	return p.ask(c.Scheduler.Listen, err, out)
}

type monitorProbe struct{ probe }

// Run implements the command.
func (p monitorProbe) Run(f *config.Flags, m *MonitorCommands, out *command.Output) error {
	c, err := f.Load(m.override)
	return p.ask(c.Monitor.Listen, err, out)
}

// ask prints what the daemon at an address answers, unless the configuration that has the address
// is wrong. It fails unless the daemon is well.
func (p probe) ask(listen string, wrong error, out *command.Output) error {
	if wrong != nil {
		return command.With(command.Wrong, wrong)
	}
	path, lacks := "/readyz", "it is not ready"
	if p.Live {
		path, lacks = "/healthz", "it does not say that it lives"
	}
	got, err := get("http://" + reachable(listen) + path)
	if err != nil {
		return fmt.Errorf("nobody answers at %s: %w", listen, err)
	}
	if err := out.Say(got, "%s", strings.Join(got.Checks, "\n")); err != nil {
		return err
	}
	if !got.OK {
		return errors.New(lacks)
	}
	return nil
}

// reachable is the address at which a process on this machine reaches who listens on listen.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen // whoever asks there says what is wrong
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// get asks for a page. It follows no redirect, and uses no proxy: the daemon is on this machine.
func get(url string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode == http.StatusOK, strings.Split(strings.TrimSpace(string(body)), "\n")}, nil
}
