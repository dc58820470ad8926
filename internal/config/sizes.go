package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"switchyard/internal/schedule"
	"switchyard/internal/web"
)

// years bounds what may be kept long.
const years = 10 * 365 * 24 * time.Hour

// maxBytes bounds what is read or kept as one piece: Redis takes no more than 512 MiB.
const maxBytes = 256 << 20

// maxItems is how many documents an agent that ranks may be asked for.
const maxItems = 100

// maxKept is how many briefings of a user may be kept.
const maxKept = 10_000

// checkSizes reports durations and numbers that nobody can mean.
func (c Config) checkSizes() error {
	const least = 10 * time.Millisecond
	var errs []error
	for _, d := range []struct {
		key               string
		value, from, upTo time.Duration
	}{
		{"briefings.first_span", c.Briefings.FirstSpan, least, years},
		{"briefings.keep", c.Briefings.Keep, time.Hour, years},
		{"briefings.patience", c.Briefings.Patience, least, 24 * time.Hour},
		{"cache.ttl", c.Cache.TTL, least, years},
		{"documents.ttl", c.Documents.TTL, least, years},
		{"fetcher.timeout", c.Fetcher.Timeout, least, time.Hour},
		{"scheduler.claim_lease", c.Scheduler.ClaimLease, least, time.Hour},
		{"worker.drain", c.Worker.Drain, 0, 24 * time.Hour},
		{"worker.poll", c.Worker.Poll, least, time.Hour},
	} {
		if d.value < d.from || d.value > d.upTo {
			errs = append(errs, fmt.Errorf("%s is %s: use %s to %s", d.key, d.value, d.from, d.upTo))
		}
	}
	for _, n := range []struct {
		key         string
		value, upTo int64
	}{
		{"briefings.items", int64(c.Briefings.Items), maxItems},
		{"briefings.per_user", int64(c.Briefings.PerUser), maxKept},
		{"fetcher.max_body", c.Fetcher.MaxBody, maxBytes},
		{"fetcher.max_decoded", c.Fetcher.MaxDecoded, maxBytes},
		{"scheduler.batch", int64(c.Scheduler.Batch), schedule.MaxBatch},
		{"tasks.max_payload", int64(c.Tasks.MaxPayload), maxBytes},
	} {
		if n.value < 1 || n.value > n.upTo {
			errs = append(errs, fmt.Errorf("%s is %d: use 1 to %d", n.key, n.value, n.upTo))
		}
	}
	return errors.Join(errs...)
}

// checkAddresses reports addresses that nothing can listen on. The port 0 is any that is free.
func (c Config) checkAddresses() error {
	var errs []error
	for _, a := range []struct{ key, addr string }{
		{"worker.listen", c.Worker.Listen}, {"scheduler.listen", c.Scheduler.Listen}, {"monitor.listen", c.Monitor.Listen},
	} {
		_, port, err := net.SplitHostPort(a.addr)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %q: give host:port, such as 127.0.0.1:8080", a.key, a.addr))
		} else if _, err := net.LookupPort("tcp", port); err != nil {
			errs = append(errs, fmt.Errorf("%s %q: use a port of 0 to 65535", a.key, a.addr))
		}
	}
	return errors.Join(append(errs, c.Monitor.checkPrometheus(), c.Monitor.checkTraces())...)
}

// checkTraces refuses an address that leads to no trace, or elsewhere than to a web page.
func (m Monitor) checkTraces() error {
	if m.Traces == "" {
		return nil
	}
	u, err := url.Parse(m.Traces)
	if err == nil && u.User != nil {
		return errors.New("monitor.traces has a user or a password: leave them out, such as https://traces.example.org/trace/{trace}, for pages show the address")
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !strings.Contains(m.Traces, "{trace}") {
		return fmt.Errorf("monitor.traces %q: give the address of a page with {trace} in place of a trace's ID, such as https://traces.example.org/trace/{trace}", m.Traces)
	}
	return nil
}

// checkPrometheus refuses what may be secret: asynqmon writes the address into its pages.
func (m Monitor) checkPrometheus() error {
	switch {
	case m.Prometheus == "":
		return nil
	case strings.ContainsAny(m.Prometheus, "@?#"):
		return errors.New("monitor.prometheus has a user, a password, a query or a fragment: leave them out, such as http://127.0.0.1:9090, for pages show the address; a proxy may sign in for the monitor")
	}
	if err := web.CheckService(m.Prometheus); err != nil {
		return fmt.Errorf("monitor.prometheus %w", err)
	}
	return nil
}
