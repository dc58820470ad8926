package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/queue"
	"switchyard/internal/tokens"
)

// Kind is a kind of tasks.
type Kind struct {
	Name    string          `json:"name"`
	Version int             `json:"version" doc:"Of the payload's shape."`
	Queue   string          `json:"queue" doc:"Where its tasks go."`
	Policy  Policy          `json:"policy"`
	Schema  json.RawMessage `json:"schema,omitempty" doc:"The JSON Schema of its payload, of 2020-12."`
}

// Policy is what tasks of a kind may do.
type Policy struct {
	Retries    int      `json:"retries"`
	RetryDelay Duration `json:"retry_delay" doc:"Before the first retry. It doubles, up to an hour."`
	SoftLimit  Duration `json:"soft_limit" doc:"When an attempt is asked to stop; 0s: never."`
	HardLimit  Duration `json:"hard_limit" doc:"When an attempt is over, whatever it does; 0s: never."`
	Retention  Duration `json:"retention" doc:"How long a task is kept that has succeeded."`
	Unique     Duration `json:"unique" doc:"For how long no other task of the same payload is added."`
	Losses     int      `json:"losses" doc:"How often a task runs again whose worker was lost."`
}

func (s *server) registerKinds(api huma.API) {
	operation := func(id, method, path, summary, tag string, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag}, Errors: errs}
	}
	register(api, operation("list-kinds", http.MethodGet, "/v1/kinds", "List the kinds of tasks", "kinds"), s.listKinds)
	register(api, operation("get-kind", http.MethodGet, "/v1/kinds/{kind}", "Get a kind with the JSON Schema of its payload", "kinds", http.StatusNotFound), s.getKind)
	register(api, operation("list-queues", http.MethodGet, "/v1/queues", "List the queues with how many tasks they hold", "queues"), s.listQueues)
	register(api, operation("pause-queue", http.MethodPatch, "/v1/queues/{queue}", "Pause or resume a queue", "queues", http.StatusNotFound), s.pauseQueue)
}

func (s *server) listKinds(_ context.Context, _ *struct{}) (*body[[]Kind], error) {
	out := &body[[]Kind]{[]Kind{}}
	for _, name := range s.Catalog.Names() {
		k, err := s.kind(name)
		if err != nil {
			return nil, err
		}
		out.Body = append(out.Body, k)
	}
	return out, nil
}

type kindInput struct {
	Kind string `path:"kind" maxLength:"100"`
}

func (s *server) getKind(_ context.Context, in *kindInput) (*body[Kind], error) {
	if _, err := s.Catalog.Lookup(in.Kind); err != nil {
		p := noSuch("kind", in.Kind)
		p.Known = s.Catalog.Names()
		return nil, p
	}
	k, err := s.kind(in.Kind)
	return &body[Kind]{k}, err
}

func (s *server) kind(name string) (Kind, error) {
	known, err := s.Catalog.Lookup(name)
	if err != nil {
		return Kind{}, err
	}
	route, err := s.Routing.Route(name)
	p := route.Policy
	return Kind{
		Name: name, Version: known.Version, Queue: route.Queue, Schema: s.schemas[name].text,
		Policy: Policy{
			Retries: p.Retries, RetryDelay: Duration(p.RetryDelay), SoftLimit: Duration(p.SoftLimit), HardLimit: Duration(p.HardLimit),
			Retention: Duration(p.Retention), Unique: Duration(p.Unique), Losses: p.Losses,
		},
	}, err
}

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
}

func (s *server) listQueues(ctx context.Context, _ *struct{}) (*body[[]Queue], error) {
	if err := callerOf(ctx).need(tokens.QueuesRead, ""); err != nil {
		return nil, err
	}
	sizes, err := s.Queue.Sizes(ctx)
	out := &body[[]Queue]{[]Queue{}}
	for _, size := range sizes {
		out.Body = append(out.Body, queueOf(size))
	}
	return out, err
}

func queueOf(s queue.Size) Queue {
	return Queue{
		Name: s.Queue, Paused: s.Paused, Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled, Held: s.Held,
		Retrying: s.Retrying, Failed: s.Failed, Succeeded: s.Succeeded,
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
	if err := callerOf(ctx).need(tokens.QueuesWrite, ""); err != nil {
		return nil, err
	}
	changed, err := s.ByHand.PauseQueue(ctx, in.Queue, in.Body.Paused, callerOf(ctx).actor())
	return &body[Paused]{Paused{in.Queue, in.Body.Paused, changed}}, asMissing("queue", in.Queue, err)
}
