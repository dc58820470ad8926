package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/pages"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tokens"
)

type listSourcesInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"About how many entries of the schedule are looked at."`
	Cursor string `query:"cursor" doc:"What the page before says comes next."`
}

// Source is a source as it is scheduled, with what it brought.
type Source struct {
	Name      string         `json:"name"`
	URL       string         `json:"url"`
	Entry     string         `json:"entry" doc:"The ID of its entry in the schedule."`
	Kind      string         `json:"kind" doc:"The kind of task that visits it."`
	Spec      string         `json:"spec" doc:"When it is visited."`
	Origin    string         `json:"origin" doc:"Who made its entry in the schedule: config or api."`
	State     schedule.State `json:"state" doc:"The state of its entry."`
	Next      time.Time      `json:"next,omitzero" doc:"When it is visited next."`
	Last      Visit          `json:"last"`
	LastGood  Visit          `json:"last_good" doc:"The last visit that could be read."`
	Failures  int            `json:"failures,omitempty" doc:"The visits since then."`
	Read      int            `json:"read" doc:"How many pages were read, anew or again."`
	Gone      int            `json:"gone" doc:"How many pages were given up."`
	Troubles  []string       `json:"troubles,omitempty" doc:"The URLs of the pages that failed last, the latest first."`
	InTrouble []TroubledPage `json:"in_trouble,omitempty" doc:"What is known of the first of them."`
}

// Visit is what a visit to a source found.
type Visit struct {
	At        time.Time `json:"at,omitzero"`
	URL       string    `json:"url,omitempty"`
	Feed      string    `json:"feed,omitempty" doc:"What was read, if that is another one."`
	Title     string    `json:"title,omitempty" doc:"What the source calls itself."`
	Moved     string    `json:"moved,omitempty" doc:"Where URL has moved for good: change the address of the source."`
	Found     int       `json:"found"`
	New       int       `json:"new" doc:"How many of the pages found were sent to be fetched."`
	Unchanged bool      `json:"unchanged,omitempty"`
	Error     string    `json:"error,omitempty" doc:"Why the source could not be read."`
}

// TroubledPage is a page that could not be read.
type TroubledPage struct {
	URL     string      `json:"url"`
	State   pages.State `json:"state" enum:"waiting,failed,gone,seen"`
	Visits  int         `json:"visits"`
	Visited time.Time   `json:"visited,omitzero"`
	Next    time.Time   `json:"next,omitzero" doc:"When it is tried again."`
	Error   string      `json:"error,omitempty"`
}

func sourceOf(s sources.Source) Source {
	told := Source{
		Name: s.Name, URL: s.URL, Entry: sources.EntryID(s.Name), Kind: s.Kind, Spec: s.Spec, Origin: s.Origin, State: s.State, Next: s.Next,
		Last: Visit(s.Last), LastGood: Visit(s.LastGood), Failures: s.Failures, Read: s.Read, Gone: s.Gone, Troubles: s.Troubles,
	}
	for _, p := range s.InTrouble {
		told.InTrouble = append(told.InTrouble, TroubledPage{p.URL, p.State, p.Visits, p.Visited, p.Next, p.Error})
	}
	return told
}

// Source returns the source that was told.
func (s Source) Source() sources.Source {
	told := sources.Source{
		Report: sources.Report{
			Name: s.Name, Last: sources.Visit(s.Last), LastGood: sources.Visit(s.LastGood), Failures: s.Failures, Read: s.Read, Gone: s.Gone, Troubles: s.Troubles,
		},
		URL: s.URL, Kind: s.Kind, Spec: s.Spec, Origin: s.Origin, State: s.State, Next: s.Next,
	}
	for _, p := range s.InTrouble {
		told.InTrouble = append(told.InTrouble, pages.Page{URL: p.URL, State: p.State, Visits: p.Visits, Visited: p.Visited, Next: p.Next, Error: p.Error})
	}
	return told
}

// SourceList is some of the sources.
type SourceList struct {
	Items []Source `json:"items"`
	Next  string   `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
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

func (s *server) listSources(ctx context.Context, in *listSourcesInput) (*body[SourceList], error) {
	if err := CallerOf(ctx).need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	if CallerOf(ctx).User != "" { // sources are everybody's
		return &body[SourceList]{SourceList{Items: []Source{}}}, nil
	}
	some, next, err := s.Sources.List(ctx, in.Limit, in.Cursor)
	items := make([]Source, len(some))
	for i, source := range some {
		items[i] = sourceOf(source)
	}
	return &body[SourceList]{SourceList{items, next}}, err
}

func (s *server) getSource(ctx context.Context, in *SourceName) (*body[Source], error) {
	if err := CallerOf(ctx).need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	source, err := s.Sources.Get(ctx, in.Name)
	if errors.Is(err, sources.ErrNotFound) || CallerOf(ctx).User != "" {
		return nil, noSuch("source", in.Name)
	}
	return &body[Source]{sourceOf(source)}, err
}
