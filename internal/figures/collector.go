// Package figures tells Prometheus what the deployment as a whole is like: its queues, its
// schedule, its brakes. All of it is read from Redis when it is asked for, so that it is there
// whatever daemons are dead. It belongs into daemons that no other figure of a scrape depends on:
// the monitor and the schedulers. Each of them tells the same, so rules take the maximum.
package figures

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// within bounds one reading; Prometheus gives a scrape 10 seconds unless told otherwise.
	within = 3 * time.Second
	// keptFor is how long a reading is told again, so that many scrapes cost one.
	keptFor = 3 * time.Second
)

// reading returns what can be read, and an error if that is not all.
type reading func(ctx context.Context) ([]prometheus.Metric, error)

// Collector is a collector of what is read from Redis. It never fails a scrape: if a reading
// fails it says so as switchyard_collector_up, beside what could be read.
type Collector struct {
	read reading
	up   *prometheus.Desc
	all  []*prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

func newCollector(name string, read reading, descs ...*prometheus.Desc) *Collector {
	up := prometheus.NewDesc("switchyard_collector_up", "1 if the figures could be read from Redis, 0 if not: those that could not are absent.",
		nil, prometheus.Labels{"collector": name})
	return &Collector{read: read, up: up, all: append(descs, up)}
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.all {
		ch <- d
	}
}

// Collect implements [prometheus.Collector]. It tells what was read in the last three seconds, or
// reads, for three seconds at most. Scrapes at the same time wait for one reading.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || time.Since(c.at) >= keptFor {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		metrics, err := c.read(ctx)
		metrics = append(metrics, gauge(c.up, truth(err == nil)))
		c.last, c.at = metrics, time.Now()
	}
	for _, m := range c.last {
		ch <- m
	}
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func counter(d *prometheus.Desc, value int, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
