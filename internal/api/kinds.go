package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
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
	operation := func(id, path, summary string, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"kinds"}, Errors: errs}
	}
	register(api, operation("list-kinds", "/v1/kinds", "List the kinds of tasks"), s.listKinds)
	register(api, operation("get-kind", "/v1/kinds/{kind}", "Get a kind with the JSON Schema of its payload", http.StatusNotFound), s.getKind)
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
