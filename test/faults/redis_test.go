package faults

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// empty reports whether no queue holds anything but completed tasks.
func (r *rig) empty() bool {
	left, err := r.left()
	return err == nil && left == ""
}

// left describes what queues hold besides completed tasks: asked of asynq's inspector,
// and counted in the keys themselves.
func (r *rig) left() (string, error) {
	inspector := asynq.NewInspectorFromRedisClient(r.system.Redis)
	var left []string
	for _, q := range r.system.Config.QueueNames() {
		known, err := r.system.Redis.SIsMember(r.t.Context(), "asynq:queues", q).Result()
		if err != nil {
			return "", err
		}
		if !known {
			continue // it never had a task
		}
		info, err := inspector.GetQueueInfo(q)
		if err != nil {
			return "", err
		}
		leases, err := r.system.Redis.ZCard(r.t.Context(), "asynq:{"+q+"}:lease").Result()
		if err != nil {
			return "", err
		}
		if n := info.Size + int(leases) - info.Completed; n > 0 {
			left = append(left, fmt.Sprintf("%s: %d pending, %d active, %d leases, %d scheduled, %d to retry, %d dead, %d aggregating",
				q, info.Pending, info.Active, leases, info.Scheduled, info.Retry, info.Archived, info.Aggregating))
		}
	}
	return strings.Join(left, "; "), nil
}

// checkRedis compares Redis with the ledger.
func (r *rig) checkRedis() {
	r.t.Helper()
	if left, err := r.left(); left != "" || err != nil {
		r.t.Errorf("left in the queues: %s %v", left, err)
	}
	last := map[string]attempt{}
	for _, a := range r.ledger.all() {
		last[a.task] = a
	}
	errs := 0
	for _, id := range r.sent {
		if err := r.checkTask(id, last[id]); err != nil && errs < 20 {
			errs++
			r.t.Error(err)
		}
	}
	// Each hook is told by one task.
	if n, want := r.countTasks(), len(r.sent)*(1+len(r.notify)); n != want {
		r.t.Errorf("redis knows %d tasks, want %d", n, want)
	}
}

// checkTask returns an error unless the task is completed, by the last attempt there was.
func (r *rig) checkTask(id string, last attempt) error {
	for _, q := range r.system.Config.QueueNames() {
		s, found, err := r.system.Queue.Status(r.t.Context(), q, id)
		switch {
		case err != nil:
			return err
		case !found:
		case s.State != tasks.StateSucceeded:
			return fmt.Errorf("task %s is %s: %s", id, s.State, s.LastError)
		case string(s.Result) != strconv.Itoa(last.number) || last.ending != ended:
			return fmt.Errorf("task %s was acknowledged by attempt %s, but %s was its last", id, s.Result, last)
		default:
			return nil
		}
	}
	return fmt.Errorf("task %s was accepted and is gone", id)
}

// countTasks counts the tasks in Redis by their keys.
func (r *rig) countTasks() int {
	r.t.Helper()
	var n atomic.Int64
	count := func(ctx context.Context, client redis.UniversalClient) error {
		keys := client.Scan(ctx, 0, "asynq:{*}:t:*", 1000).Iterator()
		for keys.Next(ctx) {
			n.Add(1)
		}
		return keys.Err()
	}
	var err error
	if cluster, ok := r.system.Redis.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(r.t.Context(), func(ctx context.Context, node *redis.Client) error { return count(ctx, node) })
	} else {
		err = count(r.t.Context(), r.system.Redis)
	}
	if err != nil {
		r.t.Errorf("count the tasks: %v", err)
	}
	return int(n.Load())
}
