package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/queue"
	"switchyard/internal/roster"
	"switchyard/internal/tokens"
)

// Queue is how full a queue is.
type Queue struct {
	Name      string `json:"name"`
	Paused    bool   `json:"paused"`
	Waiting   int    `json:"waiting"`
	Running   int    `json:"running"`
	Scheduled int    `json:"scheduled"`
	Held      int    `json:"held" doc:"For the turn of their user."`
	Retrying  int    `json:"retrying" doc:"Those that are parked among them."`
	Failed    int    `json:"failed" doc:"In the dead letter: those cancelled and expired among them."`
	Succeeded int    `json:"succeeded" doc:"Those that are still kept."`
	// Oldest is in seconds.
	Oldest    float64 `json:"oldest_seconds" doc:"For how many seconds the oldest task that could run has waited, also if the queue is paused."`
	Load      int     `json:"load" doc:"Tasks that run, wait, are due within 15 seconds, or are held with a turn free; of a paused queue those that run."`
	Slots     int     `json:"slots" doc:"How many tasks the workers that live could run at once, those of siblings of the queue among them."`
	Busy      int     `json:"busy" doc:"How many of them they run, of this queue alone, some seconds ago."`
	DeadToday int     `json:"dead_today" doc:"How many tasks came to the dead letter in the last 24 hours: those cancelled and expired among them."`
}

// today is how long what came to the dead letter is told as new.
const today = 24 * time.Hour

func (s *server) registerQueues(api huma.API) {
	operation := func(id, method, path, summary string, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"queues"}, Errors: errs}
	}
	register(api, operation("list-queues", http.MethodGet, "/v1/queues", "List the queues with how many tasks they hold, by name"), s.listQueues)
	register(api, operation("get-queue", http.MethodGet, "/v1/queues/{queue}", "Tell how many tasks a queue holds", http.StatusNotFound), s.getQueue)
	register(api, operation("pause-queue", http.MethodPatch, "/v1/queues/{queue}", "Pause or resume a queue", http.StatusNotFound), s.pauseQueue)
}

func (s *server) listQueues(ctx context.Context, _ *struct{}) (*body[[]Queue], error) {
	if err := CallerOf(ctx).need(tokens.QueuesRead, ""); err != nil {
		return nil, err
	}
	sizes, err := s.Queue.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sizes, byQueue)
	queues, err := s.queuesOf(ctx, sizes...)
	return &body[[]Queue]{queues}, err
}

type getQueueInput struct {
	Queue string `path:"queue" maxLength:"128"`
}

// getQueue is what autoscalers ask: what it tells is read for each answer, and what cannot be told is no
// number.
func (s *server) getQueue(ctx context.Context, in *getQueueInput) (*body[Queue], error) {
	if err := CallerOf(ctx).need(tokens.QueuesRead, ""); err != nil {
		return nil, err
	}
	if err := s.Queue.Known(ctx, in.Queue); err != nil {
		return nil, asMissing("queue", in.Queue, err)
	}
	size, err := s.Queue.Size(ctx, in.Queue)
	if err == nil && size.Wrong != "" {
		err = problem("internal", fmt.Sprintf("key %s of queue %s holds something else than it should", size.Wrong, in.Queue))
	}
	if err != nil {
		return nil, err
	}
	queues, err := s.queuesOf(ctx, size)
	if err != nil {
		return nil, err
	}
	return &body[Queue]{queues[0]}, nil
}

// queuesOf adds to sizes what else is told of the queues.
func (s *server) queuesOf(ctx context.Context, sizes ...queue.Size) ([]Queue, error) {
	dead, err := s.deadToday(ctx, sizes)
	if err != nil {
		return nil, err
	}
	daemons, err := s.Roster.List(ctx)
	if err != nil {
		return nil, err
	}
	slots, busy := slotsOf(daemons)
	queues := make([]Queue, len(sizes))
	for i, size := range sizes {
		q := queueOf(size)
		q.DeadToday, q.Slots, q.Busy = dead[i], slots[q.Name], busy[q.Name]
		queues[i] = q
	}
	return queues, nil
}

// deadToday returns of each queue how many tasks came to the dead letter in the last 24 hours.
func (s *server) deadToday(ctx context.Context, sizes []queue.Size) ([]int, error) {
	names := make([]string, len(sizes))
	for i, size := range sizes {
		names[i] = size.Queue
	}
	return s.Queue.DeadSince(ctx, names, time.Now().Add(-today))
}

// slotsOf returns how many slots the workers that live have for each queue, and how many of them are
// busy with it.
func slotsOf(daemons []roster.Record) (slots, busy map[string]int) {
	slots, busy = map[string]int{}, map[string]int{}
	for _, d := range daemons {
		if d.Lost {
			continue
		}
		for _, q := range d.Queues {
			slots[q.Name] += q.Concurrency
			busy[q.Name] += q.Busy
		}
	}
	return slots, busy
}

func queueOf(s queue.Size) Queue {
	return Queue{
		Name: s.Queue, Paused: s.Paused, Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled, Held: s.Held,
		Retrying: s.Retrying, Failed: s.Failed, Succeeded: s.Succeeded, Oldest: s.Oldest.Seconds(), Load: s.Load(),
	}
}

type pauseQueueInput struct {
	Queue string `path:"queue" maxLength:"128"`
	Body  struct {
		Paused bool `json:"paused" doc:"Whether no worker takes tasks from the queue. What runs goes on."`
	}
}

// Paused is whether a queue is paused.
type Paused struct {
	Name    string `json:"name"`
	Paused  bool   `json:"paused"`
	Changed bool   `json:"changed"`
}

func (s *server) pauseQueue(ctx context.Context, in *pauseQueueInput) (*body[Paused], error) {
	if err := CallerOf(ctx).need(tokens.QueuesWrite, ""); err != nil {
		return nil, err
	}
	changed, err := s.ByHand.PauseQueue(ctx, in.Queue, in.Body.Paused, CallerOf(ctx).actor())
	return &body[Paused]{Paused{in.Queue, in.Body.Paused, changed}}, asMissing("queue", in.Queue, err)
}
