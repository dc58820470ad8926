package figures

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"switchyard/internal/queue"
	"switchyard/internal/tasks"
)

const (
	// maxOthers bounds the series: queues are named by whoever can write to Redis.
	maxOthers = 50
	// maxName bounds their names, in bytes.
	maxName = 100
	// atOnce is how many queues are counted at once.
	atOnce = 8
)

// The figures of queues.
var (
	queueUp    = desc("switchyard_queue_up", "1 if the figures of the queue could be read, 0 if not: then its others are absent.", "queue")
	queueTasks = desc("switchyard_queue_tasks",
		"Tasks in a queue, by state: those that are parked count as retrying, those that were cancelled or have expired as failed.", "queue", "state")
	queueLoad = desc("switchyard_queue_load",
		"Tasks that run, wait, are due now or within 15 seconds, or are held with a turn free; of a paused queue those that run.", "queue")
	queueOldest    = desc("switchyard_queue_oldest_waiting_seconds", "How long the oldest task has waited that could run: since it was due, if it was delayed.", "queue")
	queuePaused    = desc("switchyard_queue_paused", "1 while somebody has paused the queue.", "queue")
	queueProcessed = desc("switchyard_queue_attempts_total", "Attempts that have ended in all workers together, as counted in Redis.", "queue")
	queueFailures  = desc("switchyard_queue_failures_total", "Attempts that have failed in all workers together, as counted in Redis.", "queue")
	queuesLeftOut  = desc("switchyard_queues_left_out", "Queues in Redis that are not in the configuration and not told: there are too many, or the name is no name.")
)

// Queues collects the figures of queues.
type Queues struct {
	client     *queue.Client
	configured []string
}

// NewQueues returns the collector of the configured queues, which are told whether they are in Redis
// or not, and of up to 50 others that are there.
func NewQueues(client *queue.Client, configured []string) *Collector {
	q := Queues{client, configured}
	return newCollector("queues", q.read, queueUp, queueTasks, queueLoad, queueOldest, queuePaused, queueProcessed, queueFailures, queuesLeftOut)
}

// read counts each queue on its own, so that one that cannot be read hides no other.
func (q Queues) read(ctx context.Context) ([]prometheus.Metric, error) {
	known, err := q.client.Names(ctx)
	others, leftOut := q.others(known)
	names := slices.Concat(q.configured, others)
	told := make([][]prometheus.Metric, len(names))
	var work errgroup.Group
	work.SetLimit(atOnce)
	for i, name := range names {
		work.Go(func() error {
			told[i] = q.one(ctx, name)
			return nil
		})
	}
	_ = work.Wait() // what fails is told of its queue
	all := slices.Concat(told...)
	if err == nil {
		all = append(all, gauge(queuesLeftOut, float64(leftOut)))
	}
	return all, err
}

// others returns the queues in Redis that are not configured, and how many are left out.
func (q Queues) others(known []string) (others []string, leftOut int) {
	slices.Sort(known)
	for _, name := range known {
		if slices.Contains(q.configured, name) {
			continue
		}
		odd := name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
		if odd || len(others) == maxOthers {
			leftOut++
			continue
		}
		others = append(others, name)
	}
	return others, leftOut
}

// one tells of one queue. If a key of it holds something else than it should nobody can say what
// there is, so nothing is told but that.
func (q Queues) one(ctx context.Context, name string) []prometheus.Metric {
	s, err := q.client.Size(ctx, name)
	if err != nil || s.Wrong != "" {
		return []prometheus.Metric{gauge(queueUp, 0, name)}
	}
	all := []prometheus.Metric{
		gauge(queueUp, 1, name), gauge(queueLoad, float64(s.Load()), name), gauge(queueOldest, s.Oldest.Seconds(), name),
		gauge(queuePaused, truth(s.Paused), name), counter(queueProcessed, s.Processed, name), counter(queueFailures, s.Failures, name),
	}
	for state, n := range map[tasks.State]int{
		tasks.StateWaiting: s.Waiting, tasks.StateRunning: s.Running, tasks.StateScheduled: s.Scheduled, tasks.StateHeld: s.Held,
		tasks.StateRetrying: s.Retrying, tasks.StateFailed: s.Failed, tasks.StateSucceeded: s.Succeeded,
	} {
		all = append(all, gauge(queueTasks, float64(n), name, string(state)))
	}
	return all
}
