package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/sources"
	"switchyard/internal/tokens"
)

type listSourcesInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"About how many entries of the schedule are looked at."`
	Cursor string `query:"cursor" doc:"What the page before says comes next."`
}

// SourcePage is some of the sources.
type SourcePage struct {
	Items []sources.Source `json:"items"`
	Next  string           `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

// SourceName names a source in an address.
type SourceName struct {
	Name string `path:"name" maxLength:"120"`
}

// registerSources adds what is asked about sources. They are added and removed as entries of the
// schedule.
func (s *server) registerSources(api huma.API) {
	operation := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"sources"}, Errors: []int{http.StatusNotFound}}
	}
	register(api, operation("list-sources", "/v1/sources", "List sources and what they brought"), s.listSources)
	register(api, operation("get-source", "/v1/sources/{name}", "Look at a source and its pages in trouble"), s.getSource)
}

func (s *server) listSources(ctx context.Context, in *listSourcesInput) (*body[SourcePage], error) {
	if err := callerOf(ctx).need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	items, next, err := s.Sources.List(ctx, in.Limit, in.Cursor)
	return &body[SourcePage]{SourcePage{append([]sources.Source{}, items...), next}}, err
}

func (s *server) getSource(ctx context.Context, in *SourceName) (*body[sources.Source], error) {
	if err := callerOf(ctx).need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	source, err := s.Sources.Get(ctx, in.Name)
	if errors.Is(err, sources.ErrNotFound) {
		return nil, noSuch("source", in.Name)
	}
	return &body[sources.Source]{source}, err
}
