package bench

import (
	"context"
	"encoding/json"
	"strings"
)

// system is what a workload needs of a task queue.
type system interface {
	// enqueue adds one task.
	enqueue(ctx context.Context, j job) error
	// enqueueAll adds many tasks, by one producer and as fast as the system can.
	enqueueAll(ctx context.Context, jobs []job) error
	// start performs tasks, slots of them at once, until stop is called. stop returns
	// once the last is put away.
	start(slots int, handle func(seq int)) (stop func() error, err error)
}

// contender is a system and the queue it works on.
type contender struct {
	system
	ours  bool
	queue string
}

func (c contender) String() string { return systemName(c.ours) }

func systemName(ours bool) string {
	if ours {
		return "switchyard"
	}
	return "asynq"
}

// kind is the kind of every task of the workloads that need no real worker.
const kind = "bench_noop"

// payloadSize is the size of every such task's payload as JSON, in bytes.
const payloadSize = 200

// job is such a task. Its number tells it from the others of its round.
type job struct {
	Seq  int    `json:"seq"`
	Fill string `json:"fill"`
}

// Kind implements [switchyard/internal/tasks.Args].
func (job) Kind() string { return kind }

// newJob returns job seq, filled up to the payload's size.
func newJob(seq int) job {
	bare, _ := json.Marshal(job{Seq: seq}) // numbers and strings always encode
	return job{Seq: seq, Fill: strings.Repeat("x", payloadSize-len(bare))}
}

// asynqQueues names as many queues for plain asynq, so that it is never let loose on real
// ones.
func asynqQueues(queues []string) []string {
	names := make([]string, len(queues))
	for i, q := range queues {
		names[i] = asynqQueue + "-" + q
	}
	return names
}
