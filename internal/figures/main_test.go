package figures

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/queue"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

func TestMain(m *testing.M) {
	// A pool that could not dial asks once a second whether it can, also once it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// newQueue returns a client of the built-in queues.
func newQueue(t *testing.T, client redis.UniversalClient) *queue.Client {
	t.Helper()
	queues := []string{routing.Agents, routing.Briefings, routing.Scraping, routing.Default}
	table, err := routing.New(queues, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := tasks.NewCatalog(0)
	if err != nil {
		t.Fatal(err)
	}
	return queue.NewClient(client, table, catalog, queues, telemetry.None())
}

// gather returns what a scrape of c finds, by name and labels.
func gather(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Fatalf("lint: %v, %v", problems, err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			found[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return found
}
