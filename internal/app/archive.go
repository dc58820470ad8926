package app

import (
	"context"
	"time"

	"switchyard/internal/monitor"
	"switchyard/internal/tasks/briefings"
)

// briefingPages gives the monitor its briefings.
type briefingPages struct{ store *briefings.Store }

func (p briefingPages) List(ctx context.Context, q monitor.BriefingQuery) (monitor.BriefingPage, error) {
	page, err := p.store.List(ctx, briefings.Query{User: q.User, Before: q.Before, After: q.After, Limit: q.Limit})
	out := monitor.BriefingPage{Newer: page.Newer, Older: page.Older}
	for _, b := range page.Briefings {
		out.List = append(out.List, summaryOf(b))
	}
	return out, err
}

func summaryOf(b briefings.Briefing) monitor.BriefingSummary {
	created := b.Created
	if zone, err := time.LoadLocation(b.Zone); err == nil {
		created = created.In(zone)
	}
	return monitor.BriefingSummary{ID: b.ID, User: b.User, Title: b.Title(), Created: created, Items: len(b.Items)}
}

func (p briefingPages) Show(ctx context.Context, id string) (monitor.BriefingView, bool, error) {
	b, found, err := p.store.Get(ctx, id)
	if err != nil || !found {
		return monitor.BriefingView{}, false, err
	}
	view := monitor.BriefingView{BriefingSummary: summaryOf(b)}
	if view.Body, err = b.HTML(); err != nil {
		return view, true, err
	}
	return view, true, nil
}
