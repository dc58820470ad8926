package deploy

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheRulesPassTheirTests(t *testing.T) {
	for _, args := range [][]string{{"check", "config", "prometheus/prometheus.yaml"}, {"test", "rules", "prometheus/tests.yaml"}} {
		if out, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestEveryAlertHasATestThatHasItCome(t *testing.T) {
	text, err := os.ReadFile("prometheus/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name := range queriesOfRules(t, "prometheus/alerts.yaml") {
		alert, _, _ := strings.Cut(name, " ")
		if !strings.Contains(string(text), "alertname: "+alert+"\n") {
			t.Errorf("no test has %s come", alert)
		}
	}
}

// deployment is a rig in whose queues something of each kind has happened, and the Prometheus
// that watches it.
func deployment(t *testing.T) (*rig, *prometheus) {
	t.Helper()
	r := newRig(t)
	address := freeAddress(t)
	r.start("worker", "worker")
	r.start("scheduler", "scheduler")
	second := r.start("second", "scheduler")
	monitor := r.start("monitor", "monitor", "SWITCHYARD_MONITOR_PROMETHEUS=http://"+address)
	p := startPrometheus(t, address, strings.NewReplacer("15s", "1s",
		"127.0.0.1:9101", r.daemons["worker"].address, "127.0.0.1:8080", monitor.address,
		`"127.0.0.1:9102"`, `"`+r.daemons["scheduler"].address+`", "`+second.address+`"`))

	page := func(path string) string { return `{"url":"http://` + monitor.address + path + `"}` }
	r.do("enqueue", "scrape_page", page("/docs/operations"), "--id", "fine")
	r.do("enqueue", "scrape_page", page("/nothing-here"), "--id", "gone")
	r.do("enqueue", "scrape_page", `{"url":"http://`+freeAddress(t)+`/"}`, "--id", "away")
	r.do("enqueue", "agent_slow", `{"user":"bob"}`, "--id", "cancelled")
	r.do("enqueue", "agent_slow", `{"user":"eve"}`, "--id", "late", "--deadline", time.Now().Add(15*time.Second).Format(time.RFC3339))
	r.do("enqueue", "agent_slow", `{"user":"ada"}`, "--id", "parked")
	r.do("schedule", "add", "often", "@every 1s", "scrape_page", page("/docs/tasks"))
	r.awaitState("scraping/fine", "succeeded")
	r.awaitState("scraping/gone", "failed")
	r.awaitState("scraping/away", "retrying")
	r.awaitState("agents/cancelled", "running")
	r.awaitState("agents/parked", "running")
	r.do("task", "cancel", "agents/cancelled")
	r.do("pause", "ada")
	r.awaitState("agents/cancelled", "cancelled")
	r.awaitState("agents/late", "expired")
	r.awaitState("agents/parked", "parked")
	return r, p
}

// rightlyEmpty are the queries that find nothing while all is well, and why.
var rightlyEmpty = map[string]string{
	"absent(queue:switchyard_queue_up:max)": "it asks whether nothing is told",
}

func TestADeploymentIsSeenAsItIs(t *testing.T) {
	r, p := deployment(t)
	for _, outcome := range []string{"succeeded", "dead", "retried", "cancelled", "expired", "parked"} {
		await(t, outcome, func() (string, bool) {
			a := p.ask(fmt.Sprintf("sum(switchyard_attempts_ended_total{outcome=%q}) > 0", outcome))
			return fmt.Sprint(a), len(a.Data.Result) == 1
		})
	}
	t.Run("every query finds something", func(t *testing.T) { everyQueryFindsSomething(t, p) })
	t.Run("asynqmon draws its charts", func(t *testing.T) { asynqmonDrawsItsCharts(t, r) })
	t.Run("the documented metrics are those there are", func(t *testing.T) { theDocumentedMetricsAreThoseThereAre(t, r) })
	t.Run("overdue entries are told without schedulers", func(t *testing.T) { overdueEntriesAreToldWithoutSchedulers(t, r, p) })
}

func everyQueryFindsSomething(t *testing.T, p *prometheus) {
	queries := queriesOfDashboard(t, "grafana/switchyard.json")
	for _, file := range []string{"recording", "alerts", "asynqmon"} {
		maps.Copy(queries, queriesOfRules(t, "prometheus/"+file+".yaml"))
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		query := always(queries[name])
		if why := rightlyEmpty[query]; why != "" {
			if a := p.ask(query); len(a.Data.Result) > 0 {
				t.Errorf("%s finds %v, though %s", name, a.Data.Result, why)
			}
			continue
		}
		await(t, name, func() (string, bool) { return query, len(p.ask(query).Data.Result) > 0 })
	}
}

func asynqmonDrawsItsCharts(t *testing.T, r *rig) {
	charts := regexp.MustCompile(`"(queue_size|queue_latency_seconds|tasks_processed_per_second|tasks_failed_per_second|pending_tasks_by_queue|retry_tasks_by_queue|archived_tasks_by_queue)":\{"status":"success","data":\{"resultType":"matrix","result":\[\{`)
	await(t, "charts", func() (string, bool) {
		body, ok := get("http://" + r.daemons["monitor"].address + "/asynqmon/api/metrics?duration=60")
		return body, ok && len(charts.FindAllString(body, -1)) == 7
	})
}

var (
	documented = regexp.MustCompile("(?m)^\\| `(switchyard_\\w+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*) \\|")
	family     = regexp.MustCompile(`(?m)^# TYPE (switchyard_\w+) (\w+)$`)
	label      = regexp.MustCompile(`[{,](\w+)="`)
)

// exported returns each metric of a page of metrics, with its type and its labels.
func exported(page string) map[string]bool {
	all := map[string]bool{}
	families := family.FindAllStringSubmatchIndex(page, -1)
	for i, at := range families {
		name, kind := page[at[2]:at[3]], page[at[4]:at[5]]
		samples := page[at[1]:]
		if i+1 < len(families) {
			samples = page[at[1]:families[i+1][0]]
		}
		sample := samples[strings.Index(samples, "\n"+name)+1:]
		sample, _, _ = strings.Cut(sample, "\n")
		var labels []string
		for _, l := range label.FindAllStringSubmatch(sample, -1) {
			if l[1] != "le" {
				labels = append(labels, "`"+l[1]+"`")
			}
		}
		slices.Sort(labels)
		all[fmt.Sprintf("%s | %s | %s", name, kind, strings.Join(labels, ", "))] = true
	}
	return all
}

func theDocumentedMetricsAreThoseThereAre(t *testing.T, r *rig) {
	tellers := map[string][]string{}
	for _, name := range []string{"monitor", "scheduler", "worker"} {
		page, ok := get("http://" + r.daemons[name].address + "/metrics")
		if !ok {
			t.Fatalf("%s: %s", name, page)
		}
		for metric := range exported(page) {
			tellers[metric] = append(tellers[metric], name)
		}
	}
	var there, told []string
	for metric, by := range tellers {
		there = append(there, metric+" | "+strings.Join(by, ", "))
	}
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range documented.FindAllStringSubmatch(string(text), -1) {
		told = append(told, strings.Join(row[1:], " | "))
	}
	for _, row := range told {
		if !slices.Contains(there, row) {
			t.Errorf("docs/operations.md has a row that no daemon exports so: %s", row)
		}
	}
	slices.Sort(there)
	for _, metric := range there {
		if !slices.Contains(told, metric) {
			t.Errorf("docs/operations.md has no row of: %s", metric)
		}
	}
}

func overdueEntriesAreToldWithoutSchedulers(t *testing.T, r *rig, p *prometheus) {
	r.daemons["scheduler"].stop()
	r.daemons["second"].stop()
	await(t, "overdue entries", func() (string, bool) {
		a := p.ask("deployment:switchyard_schedule_overdue_seconds:max > 1 and deployment:switchyard_schedule_overdue_entries:max == 1")
		return fmt.Sprint(a), len(a.Data.Result) == 1
	})
}
