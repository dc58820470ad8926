package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"switchyard/internal/apiclient"
	"switchyard/internal/command"
	"switchyard/internal/journal"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// remote is the system behind its HTTP API. It implements [door].
type remote struct{ *apiclient.Client }

// Send refuses what is no JSON: it could not be put into a request.
func (r remote) Send(ctx context.Context, t tasks.Raw, in time.Duration, o tasks.Options) (tasks.Receipt, error) {
	if _, err := tasks.Encode(t); err != nil {
		return tasks.Receipt{}, command.With(command.Refused, err)
	}
	return r.Client.Send(ctx, t, in, o)
}

// CheckEntry refuses what is no JSON, as Send does.
func (r remote) CheckEntry(ctx context.Context, e schedule.Entry) error {
	if _, err := tasks.Encode(tasks.Raw{Name: e.Kind, Payload: e.Payload}); err != nil {
		return command.With(command.Refused, fmt.Errorf("entry %s: %w", e.ID, err))
	}
	return r.Client.CheckEntry(ctx, e)
}

func (r remote) Entries(ctx context.Context, f schedule.Filter, start string) ([]listed, string, error) {
	page, next, err := r.Client.Entries(ctx, f, start)
	some := make([]listed, len(page))
	for i, e := range page {
		some[i] = listedOf(e.Record(), e.LastState)
	}
	return some, next, err
}

func (r remote) Entry(ctx context.Context, id string) (listed, string, error) {
	e, err := r.Client.Entry(ctx, id)
	return listedOf(e.Record(), e.LastState), e.Held, err
}

func (r remote) History(ctx context.Context, t tasks.Status, _ journal.Run) (*journal.History, error) {
	return r.Client.History(ctx, tasks.Name{Queue: t.Queue, ID: t.ID})
}

func (r remote) Decide(ctx context.Context, t tasks.Status, _ journal.Run, v journal.Verdict) (string, bool, error) {
	return r.Client.Decide(ctx, tasks.Name{Queue: t.Queue, ID: t.ID}, v)
}

// statusOf returns the exit status that says to a script what an answer of the API says.
func statusOf(e *apiclient.AnswerError) int {
	switch {
	case e.Temporary():
		return command.Unavailable
	case e.Problem == nil, e.Status == http.StatusUnauthorized: // the address or the token is wrong
		return command.Wrong
	case e.Status == http.StatusNotFound:
		return command.NotFound
	case e.Status < http.StatusInternalServerError:
		return command.Refused
	}
	return command.Failed
}
