package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/calendar"
	"switchyard/internal/tokens"
)

type explainInput struct {
	Spec  string    `query:"spec" required:"true" maxLength:"4096" doc:"When something is due, such as 0 8 * * MON-FRI."`
	Zone  string    `query:"zone" maxLength:"100" doc:"An IANA time zone; UTC if left out."`
	Cron  string    `query:"cron" enum:"crontab,celery" doc:"How a cron line that restricts both day fields is read."`
	After time.Time `query:"after" doc:"From when on; now if left out."`
}

// Explained is what a spec means.
type Explained struct {
	Words  string      `json:"words" doc:"When it is due, in a sentence."`
	Remark string      `json:"remark,omitempty" doc:"What may not be meant."`
	Zone   string      `json:"zone"`
	Next   []time.Time `json:"next" doc:"Its next ten ticks, in the zone."`
	Days   []string    `json:"days" doc:"The days of the next three months on which it is due, in the zone, as 2026-01-31."`
}

const (
	// explainedFor is for how far ahead days are told.
	explainedFor = 93 * 24 * time.Hour
	// explainWithin bounds the time that one spec may take.
	explainWithin = 2 * time.Second
)

func (s *server) registerExplain(api huma.API) {
	register(api, huma.Operation{
		OperationID: "explain-spec", Method: http.MethodGet, Path: "/v1/specs", Summary: "Say when a spec is due", Tags: []string{"schedule"},
	}, s.explain)
}

func (s *server) explain(ctx context.Context, in *explainInput) (*body[Explained], error) {
	if err := CallerOf(ctx).need(tokens.ScheduleRead, ""); err != nil {
		return nil, err
	}
	zone, err := calendar.LoadZone(in.Zone)
	if err != nil {
		return nil, invalidParameter("zone", err)
	}
	ctx, cancel := context.WithTimeout(ctx, explainWithin)
	defer cancel()
	options := calendar.Options{Zone: zone, Cron: calendar.Dialect(in.Cron)}
	work := calendar.NewBudget(ctx) // for all of it
	spec, err := calendar.Parse(work, in.Spec, options)
	if err != nil {
		return nil, invalidParameter("spec", err)
	}
	if in.After.IsZero() {
		in.After = time.Now()
	}
	out := Explained{Words: calendar.Describe(in.Spec, options), Remark: calendar.Remark(in.Spec, calendar.Dialect(in.Cron)), Zone: zone.String(), Next: []time.Time{}, Days: []string{}}
	if err := out.tick(work, spec, in.After, zone); err != nil {
		return nil, invalidParameter("spec", err)
	}
	return &body[Explained]{out}, nil
}

// tick adds the next ticks of a spec, and the days on which there are some.
func (e *Explained) tick(work *calendar.Budget, spec calendar.Spec, after time.Time, zone *time.Location) error {
	end := after.Add(explainedFor)
	for at := after; len(e.Next) < ticksShown; {
		next, err := spec.Next(work, at)
		if errors.Is(err, calendar.ErrTooMuchWork) || err == nil && next.IsZero() {
			break
		}
		if err != nil {
			return err
		}
		e.Next, at = append(e.Next, next.In(zone)), next
	}
	for at := after; at.Before(end); {
		next, err := spec.Next(work, at)
		if errors.Is(err, calendar.ErrTooMuchWork) || err == nil && (next.IsZero() || next.After(end)) {
			break // the ticks above say as much as there is to know
		}
		if err != nil {
			return err
		}
		year, month, day := next.In(zone).Date()
		e.Days = append(e.Days, next.In(zone).Format(time.DateOnly))
		at = time.Date(year, month, day+1, 0, 0, 0, 0, zone).Add(-time.Second)
		if !at.After(next) {
			at = next
		}
	}
	return nil
}
