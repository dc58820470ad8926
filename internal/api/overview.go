package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/control"
	"switchyard/internal/queue"
	"switchyard/internal/roster"
	"switchyard/internal/tokens"
)

type overviewInput struct {
	Late string `query:"late" default:"60s" doc:"For how long the oldest task of a queue may wait before the queue is late, such as 60s or 5m."`
}

// Overview is what needs a person now. What the caller may not know is left out.
type Overview struct {
	At        time.Time        `json:"at"`
	Decisions *int             `json:"decisions,omitempty" doc:"Runs of which a step waits for a person. Needs runs:read."`
	Dead      *OverviewDead    `json:"dead,omitempty" doc:"What came to the dead letter in the last 24 hours. Needs queues:read."`
	Paused    *OverviewPaused  `json:"paused,omitempty" doc:"Whose brake is on. Needs brake:read."`
	Overdue   *OverviewOverdue `json:"overdue,omitempty" doc:"What schedulers have left undone. Needs schedule:read."`
	Daemons   *[]Daemon        `json:"daemons,omitempty" doc:"The daemons that are not ready or are lost. Needs queues:read."`
	Late      *[]LateQueue     `json:"late_queues,omitempty" doc:"Queues whose tasks wait too long, or wait while the queue is paused. Needs queues:read."`
	Doubtful  *int             `json:"deliveries,omitempty" doc:"Deliveries of briefings that may have happened, and wait for a person. Needs briefings:read."`
}

// OverviewDead counts what came to the dead letter, those cancelled and expired among it.
type OverviewDead struct {
	Total  int            `json:"total"`
	Queues map[string]int `json:"queues" doc:"Of each queue that has any."`
}

// OverviewPaused counts who is paused.
type OverviewPaused struct {
	Users    int  `json:"users" doc:"Users whose own brake is on."`
	Everyone bool `json:"everyone" doc:"Whether everyone's brake is on."`
}

// OverviewOverdue counts entries of the schedule.
type OverviewOverdue struct {
	Entries int     `json:"entries" doc:"Entries that are due and that no scheduler has taken."`
	Longest float64 `json:"longest_seconds" doc:"For how many seconds the first of them has been due."`
}

// LateQueue is a queue whose tasks wait.
type LateQueue struct {
	Queue   string  `json:"queue"`
	Paused  bool    `json:"paused" doc:"Whether somebody has paused it."`
	Waiting int     `json:"waiting"`
	Oldest  float64 `json:"oldest_seconds"`
}

func (s *server) registerOverview(api huma.API) {
	register(api, huma.Operation{
		OperationID: "get-overview", Method: http.MethodGet, Path: "/v1/overview", Summary: "See what needs a person now", Tags: []string{"deployment"},
	}, s.getOverview)
}

// getOverview asks for each part on its own, as far as the caller may know it. None of them costs more
// the more tasks or entries there are.
func (s *server) getOverview(ctx context.Context, in *overviewInput) (*body[Overview], error) {
	var late Duration
	if err := late.UnmarshalText([]byte(in.Late)); err != nil {
		return nil, invalidParameter("late", err)
	}
	caller, o := CallerOf(ctx), &Overview{At: time.Now().UTC()}
	parts := []func(context.Context, *Caller, *Overview) error{
		s.overBrakes, s.overEntries, s.overDeliveries,
		func(ctx context.Context, c *Caller, o *Overview) error {
			return s.overQueues(ctx, c, o, time.Duration(late))
		},
	}
	if caller.User != "" {
		parts = []func(context.Context, *Caller, *Overview) error{s.overUser}
	}
	for _, part := range parts {
		if err := part(ctx, caller, o); err != nil {
			return nil, err
		}
	}
	return &body[Overview]{*o}, nil
}

// overUser tells what concerns the user for whom alone the caller may ask.
func (s *server) overUser(ctx context.Context, c *Caller, o *Overview) error {
	runs, brake := c.May(tokens.RunsRead, ""), c.May(tokens.BrakeRead, "")
	if !runs && !brake {
		return nil
	}
	status, err := s.Brake.Brake.Look(ctx, c.User)
	if err != nil {
		return err
	}
	if runs {
		o.Decisions = new(len(status.Waits))
	}
	if brake {
		o.Paused = &OverviewPaused{}
		for _, stop := range status.Stops {
			if stop.User == control.Everyone {
				o.Paused.Everyone = true
			} else {
				o.Paused.Users = 1
			}
		}
	}
	return nil
}

func (s *server) overBrakes(ctx context.Context, c *Caller, o *Overview) error {
	runs, brake := c.May(tokens.RunsRead, ""), c.May(tokens.BrakeRead, "")
	if !runs && !brake {
		return nil
	}
	census, err := s.Brake.Brake.Census(ctx)
	if err != nil {
		return err
	}
	if runs {
		o.Decisions = &census.Waits
	}
	if brake {
		o.Paused = &OverviewPaused{census.Paused, census.Everyone}
	}
	return nil
}

func (s *server) overEntries(ctx context.Context, c *Caller, o *Overview) error {
	if !c.May(tokens.ScheduleRead, "") {
		return nil
	}
	overdue, err := s.Schedule.Overdue(ctx)
	o.Overdue = &OverviewOverdue{overdue.Entries, overdue.Longest.Seconds()}
	return err
}

func (s *server) overDeliveries(ctx context.Context, c *Caller, o *Overview) error {
	if !c.May(tokens.BriefingsRead, "") {
		return nil
	}
	count, err := s.Briefings.InDoubt(ctx)
	o.Doubtful = &count
	return err
}

func (s *server) overQueues(ctx context.Context, c *Caller, o *Overview, late time.Duration) error {
	if !c.May(tokens.QueuesRead, "") {
		return nil
	}
	sizes, err := s.Queue.Sizes(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(sizes, byQueue)
	if err := s.overDead(ctx, sizes, o); err != nil {
		return err
	}
	o.Late = &[]LateQueue{}
	for _, q := range sizes {
		if q.Paused && q.Waiting > 0 || !q.Paused && q.Oldest > late {
			*o.Late = append(*o.Late, LateQueue{q.Queue, q.Paused, q.Waiting, q.Oldest.Seconds()})
		}
	}
	daemons, err := s.Roster.List(ctx)
	o.Daemons = &[]Daemon{}
	for _, d := range daemons {
		if state := d.State(); state == roster.NotReady || state == roster.Lost {
			*o.Daemons = append(*o.Daemons, daemonOf(d))
		}
	}
	return err
}

func byQueue(a, b queue.Size) int { return cmp.Compare(a.Queue, b.Queue) }

func (s *server) overDead(ctx context.Context, sizes []queue.Size, o *Overview) error {
	dead, err := s.deadToday(ctx, sizes)
	o.Dead = &OverviewDead{Queues: map[string]int{}}
	for i, n := range dead {
		if n > 0 {
			o.Dead.Total += n
			o.Dead.Queues[sizes[i].Queue] = n
		}
	}
	return err
}
