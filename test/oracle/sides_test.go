package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// side performs transitions: asynq as it comes, or ours.
type side interface {
	// add adds a task. An ID that is taken, or a lock, has it refused.
	add(t *testing.T, p probe, opts tasks.Options)
	// work runs a worker with two slots until stop is called, which cuts off what runs.
	work(t *testing.T) (stop func())
}

// plain is asynq as it comes, with the options that stand for a policy and the options of
// our client.
type plain struct {
	redis  redis.UniversalClient
	client *asynq.Client
	policy tasks.Policy
	handle handler
}

func newPlain(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler) side {
	t.Helper()
	table, err := routing.New(nil, nil, map[string]routing.Patch{kind: policy})
	if err != nil {
		t.Fatal(err)
	}
	route, err := table.Route(kind)
	if err != nil {
		t.Fatal(err)
	}
	return &plain{client, asynq.NewClientFromRedisClient(client), route.Policy, handle}
}

func (s *plain) add(t *testing.T, p probe, opts tasks.Options) {
	t.Helper()
	payload, err := tasks.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	options := []asynq.Option{
		asynq.Queue(routing.Agents), asynq.MaxRetry(s.policy.Retries), asynq.Timeout(s.policy.HardLimit),
		asynq.Retention(max(s.policy.Retention, opts.Retention)),
	}
	if unique := max(s.policy.Unique, opts.Unique); unique > 0 {
		options = append(options, asynq.Unique(unique))
	}
	if opts.ID != "" {
		options = append(options, asynq.TaskID(opts.ID))
	}
	if !opts.At.IsZero() {
		options = append(options, asynq.ProcessAt(opts.At))
	}
	if !opts.Deadline.IsZero() {
		options = append(options, asynq.Deadline(opts.Deadline))
	}
	_, err = s.client.Enqueue(asynq.NewTask(kind, payload), options...)
	if err != nil && !errors.Is(err, asynq.ErrDuplicateTask) && !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Fatal(err)
	}
}

func (s *plain) work(t *testing.T) func() {
	t.Helper()
	server := asynq.NewServerFromRedisClient(s.redis, asynq.Config{
		Concurrency: 2, Queues: map[string]int{routing.Agents: 1},
		TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: 20 * time.Millisecond, JanitorInterval: 100 * time.Millisecond,
		ShutdownTimeout: time.Millisecond, LogLevel: asynq.FatalLevel,
		RetryDelayFunc: retryDelay,
		IsFailure:      func(err error) bool { return !tasks.IsParked(err) },
	})
	if err := server.Start(asynq.HandlerFunc(s.perform)); err != nil {
		t.Fatal(err)
	}
	return server.Shutdown
}

func (s *plain) perform(ctx context.Context, task *asynq.Task) error {
	var p probe
	if err := json.Unmarshal(task.Payload(), &p); err != nil {
		return err
	}
	id, _ := asynq.GetTaskID(ctx)
	value, err := s.handle(ctx, &tasks.Task{ID: id, Kind: task.Type(), Queue: routing.Agents}, p)
	if err != nil {
		return skipping{err}
	}
	if value == nil {
		return nil
	}
	result, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = io.Writer(task.ResultWriter()).Write(result)
	return err
}

// skipping is an error that asynq takes for its SkipRetry if it is permanent.
type skipping struct{ error }

func (e skipping) Unwrap() error { return e.error }

func (e skipping) Is(target error) bool {
	return target == asynq.SkipRetry && tasks.IsPermanent(e.error)
}

// parkedFor is how long a parked task waits for somebody to run it.
const parkedFor = 10 * 365 * 24 * time.Hour

// retryDelay tells asynq what the errors of our probes say.
func retryDelay(_ int, err error, _ *asynq.Task) time.Duration {
	if d, ok := tasks.ParkedDelay(err); ok {
		return d
	}
	if tasks.IsParked(err) {
		return parkedFor
	}
	if d, ok := tasks.RetryDelay(err); ok {
		return d
	}
	return time.Hour // asynq's own: a task that was lost stays where the comparison finds it
}

// ours is our client and our lane.
type ours struct{ *rig }

func newOurs(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler) side {
	t.Helper()
	return ours{newRig(t, client, policy, handle)}
}

func (s ours) add(t *testing.T, p probe, opts tasks.Options) {
	t.Helper()
	s.rig.add(t, p, opts)
}

func (s ours) work(t *testing.T) func() {
	t.Helper()
	stop := startOurs(t, s.rig, lane.Options{Queue: routing.Agents, Concurrency: 2})
	return func() { stop(0) }
}

// mixed adds by one side and performs by another.
type mixed struct{ adds, works side }

func (s mixed) add(t *testing.T, p probe, opts tasks.Options) {
	t.Helper()
	s.adds.add(t, p, opts)
}

func (s mixed) work(t *testing.T) func() {
	t.Helper()
	return s.works.work(t)
}

// newForeign is a foreign client whose tasks our lane performs.
func newForeign(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler) side {
	t.Helper()
	return mixed{newPlain(t, client, policy, handle), newOurs(t, client, policy, handle)}
}

// newHost is asynq's server that performs the tasks of our client.
func newHost(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler) side {
	t.Helper()
	return mixed{newOurs(t, client, policy, handle), newPlain(t, client, policy, handle)}
}
