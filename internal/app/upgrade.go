package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/celery/remote"
	"switchyard/internal/command"
	"switchyard/internal/layout"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// Upgrade is what there is to know before another release works here.
type Upgrade struct {
	// Stored is the layout, nil where nothing has been stored yet.
	Stored *StoredLayout `json:"stored"`
	// Release is this program's, Knows the latest layout that it knows.
	Release string `json:"release"`
	Knows   int    `json:"knows"`
	// Older are the living processes of earlier releases.
	Older []Living `json:"older"`
	// Target is the release to which the way was looked at, and Stops what is in the way.
	Target string `json:"target"`
	Stops  []Stop `json:"stops"`
}

// StoredLayout is the layout of what is stored.
type StoredLayout struct {
	Reads  int       `json:"reads"`
	Writes int       `json:"writes"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Unknown are features of newer programs.
	Unknown []string `json:"unknown"`
}

// Stop is what an earlier release does not serve.
type Stop struct {
	Name  string `json:"name"` // of the feature, or layout
	Since string `json:"since"`
	What  string `json:"what"`
	Count int    `json:"count"`
	More  bool   `json:"more"` // not all was looked at: there may be more
	Older string `json:"older"`
	Does  string `json:"does"`
	First string `json:"first"`
}

// LookAtUpgrade tells what stops the way to a release. It writes nothing. The error is a
// [*layout.NewerError] if this program must not work here.
func (s *System) LookAtUpgrade(ctx context.Context, target layout.Release) (Upgrade, error) {
	u := Upgrade{Release: command.ThisVersion().Release, Knows: s.Layout.Knows, Target: target.Version, Older: []Living{}, Stops: []Stop{}}
	stored, err := s.Layout.Look(ctx)
	if err != nil {
		return u, err
	}
	if stored.Writes > 0 {
		u.Stored = &StoredLayout{stored.Reads, stored.Writes, stored.By, stored.At, append([]string{}, stored.Unknown()...)}
	}
	if stored.Reads > target.Layout {
		u.Stops = append(u.Stops, Stop{
			Name: "layout", Since: stored.By, What: fmt.Sprintf("layout %d", stored.Reads), Count: 1, Older: "refuses",
			Does: "It refuses to start.", First: fmt.Sprintf("stay at %s or later: an upgrade that is finished has no way back", stored.By),
		})
	}
	older, err := s.Older(ctx)
	if err != nil {
		return u, err
	}
	u.Older = append(u.Older, older...)
	stops, err := s.uses(ctx, target)
	u.Stops = append(u.Stops, stops...)
	return u, err
}

// maxCounted bounds the tasks that are looked at for features, countedAtOnce those of one question.
const (
	maxCounted    = 100_000
	countedAtOnce = 1000
)

// uses counts what has the features that a release does not know.
func (s *System) uses(ctx context.Context, target layout.Release) ([]Stop, error) {
	missing := slices.DeleteFunc(slices.Clone(layout.Features), func(f layout.Feature) bool { return target.Has(f.Since) })
	if len(missing) == 0 {
		return nil, nil
	}
	counts, more, err := s.countTasks(ctx)
	if err != nil {
		return nil, err
	}
	if counts[layout.Remote.Name], err = remote.Awaited(ctx, s.Redis, s.Config.Redis.Prefix); err != nil {
		return nil, err
	}
	if err := s.countEntries(ctx, counts); err != nil {
		return nil, err
	}
	var stops []Stop
	for _, f := range missing {
		if n := counts[f.Name]; n > 0 {
			stops = append(stops, Stop{f.Name, f.Since, f.What, n, more && f.OfTasks(), string(f.Older), f.Does, f.First})
		}
	}
	return stops, nil
}

// countTasks counts the tasks that have not ended by their features. more says that some were not looked at.
func (s *System) countTasks(ctx context.Context) (counts map[string]int, more bool, err error) {
	counts = map[string]int{}
	f := tasks.Filter{States: []tasks.State{tasks.StateWaiting, tasks.StateScheduled, tasks.StateHeld, tasks.StateRunning, tasks.StateRetrying, tasks.StateParked}}
	looked := 0
	for start := ""; ; {
		page, err := s.Queue.List(ctx, f, countedAtOnce, start)
		if err != nil {
			return nil, false, err
		}
		for _, task := range page.Tasks {
			for _, feature := range layout.FeaturesOf(task.Kind, task.Headers) {
				counts[feature.Name]++
			}
		}
		looked += len(page.Tasks)
		if start = page.Next; start == "" || looked >= maxCounted {
			return counts, start != "", nil
		}
	}
}

// countEntries counts the entries of the schedule, and the users who have one, by their features.
func (s *System) countEntries(ctx context.Context, counts map[string]int) error {
	owners, owned := map[string]bool{}, 0
	for start := ""; ; {
		page, next, err := s.Schedule.List(ctx, schedule.Filter{Page: schedule.MaxPage}, start)
		if err != nil {
			return err
		}
		for _, r := range page {
			if layout.IsNewKind(r.Entry.Kind) {
				counts[layout.Entries.Name]++
			}
			if by := r.Entry.ConfiguredBy; by != "" {
				owners[by] = true
				owned++
			}
		}
		if start = next; start == "" {
			break
		}
	}
	if len(owners) > 1 {
		counts[layout.Owners.Name] = owned
	}
	users, err := s.Users.List(ctx)
	for _, u := range users {
		if len(u.Editions) > 0 {
			counts[layout.Editions.Name]++
		}
	}
	return err
}

// FinishUpgrade has all programs write the layout that this one knows. It returns what was written before,
// 0 where nothing was stored, and what is written now. It refuses while a process lives that knows less, but
// for those that except names as host:pid.
func (s *System) FinishUpgrade(ctx context.Context, except []string, by audit.Actor) (from, to int, err error) {
	stored, err := s.Layout.Look(ctx)
	if err != nil || stored.Writes == 0 || stored.Writes >= s.Layout.Knows {
		return stored.Writes, stored.Writes, err
	}
	older, err := s.Older(ctx)
	if err != nil {
		return 0, 0, err
	}
	var names []string
	for _, l := range older {
		if l.Layout < s.Layout.Knows && !slices.Contains(except, l.At()) {
			names = append(names, l.String())
		}
	}
	if len(names) > 0 {
		return stored.Writes, stored.Writes, &LivingError{names}
	}
	raised, err := s.Layout.Raise(ctx)
	if err != nil {
		return stored.Writes, stored.Writes, err
	}
	return stored.Writes, raised.Writes, s.Audit.Write(ctx, audit.Record{Actor: by, Did: "finish upgrade", Detail: fmt.Sprintf("layout %d", raised.Writes)})
}

// LivingError says that older processes live.
type LivingError struct{ Names []string }

func (e *LivingError) Error() string {
	return "older programs live, and would refuse to work from then on: replace them first, or wait 30 seconds if they have just ended\n" + strings.Join(e.Names, "\n")
}
