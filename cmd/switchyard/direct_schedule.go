package main

import (
	"context"

	"switchyard/internal/control"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

func (d direct) Entries(ctx context.Context, f schedule.Filter, start string) ([]listed, string, error) {
	page, next, err := d.Schedule.List(ctx, f, start)
	if err != nil {
		return nil, "", err
	}
	some, err := d.withTasks(ctx, page)
	return some, next, err
}

func (d direct) Entry(ctx context.Context, id string) (listed, string, error) {
	record, err := d.Schedule.Get(ctx, id)
	if err != nil {
		return listed{}, "", err
	}
	found, err := d.withTasks(ctx, []schedule.Record{record})
	if err != nil {
		return listed{}, "", err
	}
	if record.Entry.Owner == "" {
		return found[0], "", nil
	}
	stops, err := d.Brake.Stops(ctx, []string{record.Entry.Owner})
	if err != nil {
		return listed{}, "", err
	}
	return found[0], control.Words(stops[0]), nil
}

// withTasks adds to entries what became of their last tasks.
func (d direct) withTasks(ctx context.Context, records []schedule.Record) ([]listed, error) {
	var last []tasks.Receipt
	for _, r := range records {
		if r.Books.LastTask != "" {
			last = append(last, tasks.Receipt{ID: r.Books.LastTask, Queue: r.Books.LastQueue})
		}
	}
	states, err := d.Ticks.States(ctx, last)
	if err != nil {
		return nil, err
	}
	all := make([]listed, len(records))
	for i, r := range records {
		var state tasks.State
		if r.Books.LastTask != "" {
			state, states = states[0], states[1:]
		}
		all[i] = listedOf(r, state)
	}
	return all, nil
}
