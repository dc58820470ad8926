package bench

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// plain is asynq with its default settings, apart from the queue and the number of slots.
type plain struct {
	redis  redis.UniversalClient
	client *asynq.Client
}

func newPlain(client redis.UniversalClient) *plain {
	return &plain{redis: client, client: asynq.NewClientFromRedisClient(client)}
}

// enqueue implements system.
func (s *plain) enqueue(ctx context.Context, j job) error {
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = s.client.EnqueueContext(ctx, asynq.NewTask(kind, payload), asynq.Queue(asynqQueue))
	return err
}

// enqueueAll implements system. asynq adds one task at a time.
func (s *plain) enqueueAll(ctx context.Context, jobs []job) error {
	for _, j := range jobs {
		if err := s.enqueue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// start implements system.
func (s *plain) start(slots int, handle func(seq int)) (func() error, error) {
	server := newServer(s.redis, slots, []string{asynqQueue})
	err := server.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
		var j job
		if err := json.Unmarshal(t.Payload(), &j); err != nil {
			return err
		}
		handle(j.Seq)
		return nil
	}))
	if err != nil {
		return nil, fmt.Errorf("start asynq: %w", err)
	}
	return func() error {
		server.Shutdown()
		return nil
	}, nil
}

// newServer returns an asynq server that says nothing. Its defaults are asynq's own.
func newServer(client redis.UniversalClient, slots int, queues []string) *asynq.Server {
	weights := make(map[string]int, len(queues))
	for _, q := range queues {
		weights[q] = 1
	}
	return asynq.NewServerFromRedisClient(client, asynq.Config{Concurrency: slots, Queues: weights, Logger: silent{}})
}

// silent drops what asynq says of its starts and stops.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}
