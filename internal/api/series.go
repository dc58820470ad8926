package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/series"
	"switchyard/internal/tokens"
)

type seriesInput struct {
	Span string `query:"span" enum:"1h,24h" default:"1h" doc:"How much is told: an hour in steps of a minute, or a day in steps of 15 minutes. The last step is not over."`
}

// Series is what happened within some time, step by step.
type Series struct {
	From  time.Time      `json:"from"`
	To    time.Time      `json:"to" doc:"The end of the last step."`
	Step  int            `json:"step_seconds"`
	Total []SeriesPoint  `json:"total" doc:"All queues together."`
	Queue []SeriesOfName `json:"queues"`
}

// SeriesOfName is the series of a queue.
type SeriesOfName struct {
	Queue  string        `json:"queue"`
	Points []SeriesPoint `json:"points"`
}

// SeriesPoint is one step. Of what nobody knows there is nothing.
type SeriesPoint struct {
	At        time.Time `json:"at" doc:"When the step begins."`
	Succeeded int64     `json:"succeeded" doc:"Attempts that ended so within the step."`
	Retried   int64     `json:"retried"`
	Dead      int64     `json:"dead"`
	Other     int64     `json:"other" doc:"Those that ended otherwise: parked, postponed, cancelled, expired, handed back or cut off."`
	// The percentiles are in seconds.
	WaitP50 *float64 `json:"wait_p50_seconds,omitempty" doc:"How long half of the tasks had waited at most since they could run, about."`
	WaitP95 *float64 `json:"wait_p95_seconds,omitempty" doc:"The same of 95 of 100."`
	TookP50 *float64 `json:"took_p50_seconds,omitempty" doc:"How long half of the attempts took at most, about."`
	TookP95 *float64 `json:"took_p95_seconds,omitempty" doc:"The same of 95 of 100."`
	Waiting *int64   `json:"waiting,omitempty" doc:"How many tasks waited: the most that was seen within the step."`
	Running *int64   `json:"running,omitempty" doc:"How many tasks ran, likewise."`
	Oldest  *float64 `json:"oldest_seconds,omitempty" doc:"For how many seconds the oldest task that could run had waited, likewise."`
}

func (s *server) registerSeries(api huma.API) {
	register(api, huma.Operation{
		OperationID: "get-series", Method: http.MethodGet, Path: "/v1/series", Summary: "See what happened in the last hour or day, step by step", Tags: []string{"deployment"},
	}, s.getSeries)
}

func (s *server) getSeries(ctx context.Context, in *seriesInput) (*body[Series], error) {
	if err := CallerOf(ctx).need(tokens.QueuesRead, ""); err != nil {
		return nil, err
	}
	span, step := time.Hour, time.Minute
	if in.Span == "24h" {
		span, step = 24*time.Hour, 15*time.Minute
	}
	known, err := s.Queue.Names(ctx)
	if err != nil {
		return nil, err
	}
	to := time.Now().UTC().Truncate(step).Add(step)
	read, err := s.Series.Read(ctx, series.Queues(nil, known), to.Add(-span), to, step)
	if err != nil {
		return nil, err
	}
	out := Series{From: to.Add(-span), To: to, Step: int(step.Seconds()), Total: pointsOf(read.Total), Queue: []SeriesOfName{}}
	for _, one := range read.Queues {
		out.Queue = append(out.Queue, SeriesOfName{one.Queue, pointsOf(one.Points)})
	}
	return &body[Series]{out}, nil
}

func pointsOf(points []series.Point) []SeriesPoint {
	all := make([]SeriesPoint, len(points))
	for i, p := range points {
		all[i] = SeriesPoint{At: p.At, Succeeded: p.Succeeded, Retried: p.Retried, Dead: p.Dead, Other: p.Other}
		if p.Waited.Count > 0 {
			all[i].WaitP50, all[i].WaitP95 = new(p.Waited.P50.Seconds()), new(p.Waited.P95.Seconds())
		}
		if p.Took.Count > 0 {
			all[i].TookP50, all[i].TookP95 = new(p.Took.P50.Seconds()), new(p.Took.P95.Seconds())
		}
		if d := p.Depth; d != nil {
			all[i].Waiting, all[i].Running, all[i].Oldest = &d.Waiting, &d.Running, new(d.Oldest.Seconds())
		}
	}
	return all
}
