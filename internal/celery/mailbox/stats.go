package mailbox

import (
	"context"
	"os"
	"strconv"
	"time"
)

// stats answers with figures of the worker, in the shape that Flower reads. Nothing in it tells where
// the broker is.
func (n *Node) stats(context.Context, arguments) (any, error) {
	return map[string]any{
		"total":  n.events.totals(),
		"pid":    os.Getpid(),
		"clock":  strconv.FormatInt(n.events.clock.next(), 10),
		"uptime": int64(time.Since(n.began).Seconds()),
		"pool": map[string]any{
			"implementation": "switchyard", "max-concurrency": n.profile.Slots, "processes": []int{os.Getpid()},
			"max-tasks-per-child": "N/A", "put-guarded-by-semaphore": false, "timeouts": []int{0, 0},
		},
		"broker":         map[string]any{"transport": "redis", "virtual_host": strconv.Itoa(n.broker.DB)},
		"prefetch_count": 0, // a task is taken for a slot that is free
		"rusage":         "N/A",
	}, nil
}

// conf answers with those settings of Celery that have a meaning here. Flower asks for them all the
// time. Nothing in it is secret.
func (n *Node) conf(context.Context, arguments) (any, error) {
	return map[string]any{
		"accept_content": []string{"json"}, "task_acks_late": true, "task_reject_on_worker_lost": true,
		"worker_concurrency": n.profile.Slots, "worker_prefetch_multiplier": 1, "worker_send_task_events": n.events.tasks.Load(),
	}, nil
}

// queue is a queue of Celery as its workers tell of it. Most of it speaks of other brokers.
type queue struct {
	Name              string   `json:"name"`
	Exchange          exchange `json:"exchange"`
	RoutingKey        string   `json:"routing_key"`
	QueueArguments    *any     `json:"queue_arguments"`
	BindingArguments  *any     `json:"binding_arguments"`
	ConsumerArguments *any     `json:"consumer_arguments"`
	Durable           bool     `json:"durable"`
	Exclusive         bool     `json:"exclusive"`
	AutoDelete        bool     `json:"auto_delete"`
	NoAck             bool     `json:"no_ack"`
	Alias             *any     `json:"alias"`
	Bindings          []any    `json:"bindings"`
	NoDeclare         *any     `json:"no_declare"`
	Expires           *any     `json:"expires"`
	MessageTTL        *any     `json:"message_ttl"`
	MaxLength         *any     `json:"max_length"`
	MaxLengthBytes    *any     `json:"max_length_bytes"`
	MaxPriority       *any     `json:"max_priority"`
}

type exchange struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Arguments    *any   `json:"arguments"`
	Durable      bool   `json:"durable"`
	Passive      bool   `json:"passive"`
	AutoDelete   bool   `json:"auto_delete"`
	DeliveryMode *any   `json:"delivery_mode"`
	NoDeclare    bool   `json:"no_declare"`
}

// activeQueues answers with the queues that messages are taken from.
func (n *Node) activeQueues(context.Context, arguments) (any, error) {
	queues := make([]queue, len(n.profile.Queues))
	for i, name := range n.profile.Queues {
		queues[i] = queue{Name: name, Exchange: exchange{Name: name, Type: "direct", Durable: true}, RoutingKey: name, Durable: true, Bindings: []any{}}
	}
	return bounded(queues)
}
