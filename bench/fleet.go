package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// fleet is a system as worker processes.
type fleet struct {
	ours    bool
	queues  []string // of each worker
	command func(queues []string) *exec.Cmd
	// enqueue adds a task that fetches a URL.
	enqueue func(ctx context.Context, queue, id, url string) error
}

func (f fleet) String() string { return systemName(f.ours) }

// pageKind is the kind of asynq's counterpart to scrape_page. Its payload is the URL.
const pageKind = "bench_page"

// fetchers are both systems with workers of queues whose tasks fetch a page: ours of these,
// asynq of as many of its own.
func (r *run) fetchers(queues []string) []fleet {
	foreign := asynq.NewClientFromRedisClient(r.Redis)
	return []fleet{
		{true, queues, r.Worker, func(ctx context.Context, queue, id, url string) error {
			_, err := r.Pages.Enqueue(ctx, tasks.Raw{Name: "scrape_page", Payload: fmt.Appendf(nil, `{"url":%q}`, url)}, tasks.Options{ID: id, Queue: queue})
			return err
		}},
		{false, asynqQueues(queues), r.AsynqWorker, func(ctx context.Context, queue, id, url string) error {
			_, err := foreign.EnqueueContext(ctx, asynq.NewTask(pageKind, []byte(url)), asynq.Queue(queue), asynq.TaskID(id))
			return err
		}},
	}
}

// RunAsynqWorker is a worker process of plain asynq with so many slots, and its default
// settings otherwise, until ctx ends. It performs the tasks that fetch a page.
func RunAsynqWorker(ctx context.Context, client redis.UniversalClient, queues []string, slots int) error {
	server := newServer(client, slots, queues)
	if err := server.Start(asynq.HandlerFunc(fetchPage)); err != nil {
		return fmt.Errorf("start asynq: %w", err)
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

func fetchPage(ctx context.Context, t *asynq.Task) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, string(t.Payload()), http.NoBody)
	if err != nil {
		return errors.Join(err, asynq.SkipRetry)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
