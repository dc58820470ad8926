package briefings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// Bounds of what a briefing says beside the news.
const (
	maxLines = 5   // of a section, and of names in a sentence
	maxRuns  = 200 // read of one user
)

// Section is what a briefing tells beside the news. One without lines is left out.
type Section struct {
	Name  string   `json:"name"` // one of [users.Sections]
	Title string   `json:"title"`
	Lines []string `json:"lines"`
	// More is how many lines were left out.
	More int `json:"more,omitempty"`
}

// Runs gives the tasks of a user.
type Runs interface {
	List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error)
}

// Brake gives what is known of a user's agents.
type Brake interface {
	Stopped(ctx context.Context, user string) (Stopped, error)
}

// Stopped is what a user's agents wait for.
type Stopped struct {
	Since time.Time         // when they were paused, the zero time if they are not
	Waits map[string]string // tasks, as queue/id, and their steps that a person decides about
}

// facts returns those sections of an edition that tell no news: what is stopped and waits now, and which
// runs of the user's agents have ended since the last one.
func (h *Handlers) facts(ctx context.Context, user users.User, edition users.Edition, since time.Time) ([]Section, error) {
	if h.Brake == nil {
		return nil, nil
	}
	stopped, err := h.Brake.Stopped(ctx, user.ID)
	if err != nil {
		return nil, fmt.Errorf("brake of %s: %w", user.ID, err)
	}
	ended, err := h.runs(ctx, tasks.Filter{User: user.ID, Since: since, States: []tasks.State{tasks.StateSucceeded, tasks.StateFailed}})
	if err != nil {
		return nil, err
	}
	parked, err := h.runs(ctx, tasks.Filter{User: user.ID, States: []tasks.State{tasks.StateParked}})
	if err != nil {
		return nil, err
	}
	paused, decisions := Section{Name: users.Paused, Title: "Paused"}, Section{Name: users.Decisions, Title: "Waiting for your decision"}
	failed, done := Section{Name: users.Failed, Title: "Failed"}, Section{Name: users.Done, Title: "Done by your agents"}
	if !stopped.Since.IsZero() {
		paused.add("Your agents are paused since " + moment(stopped.Since, user.Zone) + ".")
	}
	for _, t := range parked {
		if step, ok := stopped.Waits[t.Queue+"/"+t.ID]; ok {
			decisions.add(fmt.Sprintf("%s: %s", named(t.Kind), step))
		}
	}
	for _, t := range ended {
		line := named(t.Kind) + ", " + moment(t.Since, user.Zone)
		if t.State == tasks.StateFailed {
			failed.add(line)
		} else {
			done.add(line)
		}
	}
	var sections []Section
	for _, s := range []Section{paused, decisions, failed, done} {
		if len(s.Lines) > 0 && edition.Has(s.Name) {
			sections = append(sections, s)
		}
	}
	return sections, nil
}

func (s *Section) add(line string) {
	if len(s.Lines) == maxLines {
		s.More++
		return
	}
	s.Lines = append(s.Lines, line)
}

// runs returns the runs of agents that f means, but for those that briefings ask for.
func (h *Handlers) runs(ctx context.Context, f tasks.Filter) ([]tasks.Status, error) {
	f.Kind = "agent_*"
	page, err := h.Runs.List(ctx, f, maxRuns, "")
	if err != nil {
		return nil, fmt.Errorf("runs of %s: %w", f.User, err)
	}
	var runs []tasks.Status
	for _, t := range page.Tasks {
		if t.Kind != agentKind(h.Options.Agent) && t.Kind != agentKind(h.Options.Digest) {
			runs = append(runs, t)
		}
	}
	return runs, nil
}

// named returns the name of an agent as people say it.
func named(kind string) string {
	return strings.ReplaceAll(strings.TrimPrefix(kind, "agent_"), "_", " ")
}

// moment returns a time in a zone.
func moment(t time.Time, zone string) string { return in(t, zone).Format("2 January 2006 15:04 MST") }

// in returns a time in a zone, or in UTC if there is no such zone.
func in(t time.Time, zone string) time.Time {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return t.UTC()
	}
	return t.In(location)
}
