package deploy

import (
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// prometheus is a server that scrapes a rig every second, with the configuration and the rules
// that are shipped.
type prometheus struct {
	t       *testing.T
	address string
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func startPrometheus(t *testing.T, address string, targets *strings.Replacer) *prometheus {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"prometheus.yaml", "recording.yaml", "alerts.yaml", "asynqmon.yaml"} {
		text, err := os.ReadFile(filepath.Join("prometheus", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(targets.Replace(string(text))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("prometheus", "--config.file", filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", address, "--log.level", "warn")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(errors.Join(err, errors.New("prometheus is needed: apt-get install prometheus, or run make test, which does")))
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("prometheus says:\n%s", log.String())
		}
	})
	await(t, "prometheus", func() (string, bool) { return get("http://" + address + "/-/ready") })
	return &prometheus{t, address}
}

// answer is what Prometheus says to a query.
type answer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  [2]any            `json:"value"`
		} `json:"result"`
	} `json:"data"`
}

// ask makes a query, which must be one.
func (p *prometheus) ask(query string) answer {
	p.t.Helper()
	body, _ := get("http://" + p.address + "/api/v1/query?query=" + url.QueryEscape(query))
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil || a.Status != "success" {
		p.t.Fatalf("query %s: %v: %s", query, err, body)
	}
	return a
}

var comparison = regexp.MustCompile(`(==|<|>) (\d)`)

// always returns a query that finds something while what it is about is there: a comparison says 0
// or 1 instead of leaving out.
func always(query string) string {
	return comparison.ReplaceAllString(strings.ReplaceAll(query, "$__rate_interval", "1m"), "$1 bool $2")
}

// queriesOfRules returns the expressions of a file of rules, by what they are called.
func queriesOfRules(t *testing.T, file string) map[string]string {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct{ Record, Alert, Expr string }
		}
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, &rules)
	}
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			queries[r.Record+r.Alert+" "+r.Expr] = r.Expr
		}
	}
	return queries
}

// queriesOfDashboard returns the expressions of the dashboard, by panel.
func queriesOfDashboard(t *testing.T, file string) map[string]string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries[panel.Title+": "+target.Expr] = target.Expr
		}
	}
	return queries
}
