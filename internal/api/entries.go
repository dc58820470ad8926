package api

import (
	"context"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

type listEntriesInput struct {
	Owner  string `query:"owner" doc:"The user for whom the entries are."`
	Kind   string `query:"kind"`
	Origin string `query:"origin" enum:"config,api,user"`
	State  string `query:"state" enum:"ok,paused,error,over,unreadable"`
	Match  string `query:"match" doc:"A part of the ID."`
	Late   bool   `query:"late" doc:"Only entries that are due for more than 10 s and that no scheduler has taken."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"About how many entries the page has. It looks at 10,000 at most."`
	Cursor string `query:"cursor" doc:"What the page before says comes next."`
}

// EntryPage is some of the entries of the schedule.
type EntryPage struct {
	Items []Entry `json:"items"`
	Next  string  `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

func (s *server) listEntries(ctx context.Context, in *listEntriesInput) (*body[EntryPage], error) {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	f := schedule.Filter{Origin: in.Origin, Owner: in.Owner, Kind: in.Kind, State: schedule.State(in.State), Match: in.Match, Late: in.Late, Page: in.Limit}
	if caller.User != "" {
		f.Owner = caller.User
	}
	page, next, err := s.Schedule.List(ctx, f, in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.entriesOf(ctx, page)
	return &body[EntryPage]{EntryPage{items, next}}, err
}

// entriesOf returns entries with what became of their last tasks.
func (s *server) entriesOf(ctx context.Context, records []schedule.Record) ([]Entry, error) {
	var last []tasks.Receipt
	for _, r := range records {
		if r.Books.LastTask != "" {
			last = append(last, tasks.Receipt{ID: r.Books.LastTask, Queue: r.Books.LastQueue})
		}
	}
	states, err := s.Ticks.States(ctx, last)
	if err != nil {
		return nil, err
	}
	all := make([]Entry, len(records))
	for i, r := range records {
		all[i] = entryOf(r)
		if r.Books.LastTask != "" {
			all[i].LastState, states = states[0], states[1:]
		}
	}
	return all, nil
}
