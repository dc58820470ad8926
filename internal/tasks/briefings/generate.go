package briefings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// GenerateArgs ask for a briefing of what is new for a user.
type GenerateArgs struct {
	User string `json:"user"`
	// Edition is the name of the one to write; "" means all that come on the day of the tick, or today.
	Edition string `json:"edition,omitempty"`
}

// Kind implements [tasks.Args].
func (GenerateArgs) Kind() string { return KindGenerate }

// Validate implements [tasks.Validator].
func (a GenerateArgs) Validate() error { return tasks.CheckUser(a.User) }

// Generated is the result of briefing_generate.
type Generated struct {
	Briefing string    `json:"briefing"` // its ID
	Edition  string    `json:"edition"`
	Since    time.Time `json:"since"`
	// Ranking and Write are the tasks that follow; Ranking is nil if there was nothing new.
	Ranking *tasks.Receipt `json:"ranking,omitempty"`
	Write   *tasks.Receipt `json:"write,omitempty"`
	// Others are the tasks of further editions that come on the same day.
	Others []tasks.Receipt `json:"others,omitempty"`
}

// generate may run again after it was cut off anywhere: what it enqueues is named
// after its own task, so nothing is enqueued twice.
func (h *Handlers) generate(ctx context.Context, t *tasks.Task, args GenerateArgs) (any, error) {
	user, err := h.user(ctx, args.User)
	if err != nil {
		return nil, err
	}
	day := h.dayOf(t, user)
	names, err := editionsDue(user, args.Edition, day)
	if err != nil {
		return nil, err
	}
	out := Generated{Briefing: t.ID, Edition: names[0]}
	for _, name := range names[1:] {
		receipt, err := h.Enqueuer.Enqueue(ctx, GenerateArgs{User: user.ID, Edition: name}, tasks.Options{ID: t.ID + ".of." + name})
		if err != nil {
			return nil, fmt.Errorf("edition %s: %w", name, err)
		}
		out.Others = append(out.Others, receipt)
	}
	edition, _ := user.Edition(out.Edition)
	first := h.Now().Add(-edition.Span(day, h.Options.FirstSpan))
	if out.Since, err = h.Store.Since(ctx, user.ID, out.Edition, first); err != nil {
		return nil, err
	}
	err = h.begin(ctx, user, edition, &out)
	return out, err
}

// dayOf returns the weekday of a task's tick in the user's zone, or today if it has no tick.
func (h *Handlers) dayOf(t *tasks.Task, user users.User) time.Weekday {
	at, ok := schedule.TickOf(t.ID)
	if !ok {
		at = h.Now()
	}
	return in(at, user.Zone).Weekday()
}

// editionsDue returns the names of the editions to write, at least one: whoever asks on a day without any gets
// the first.
func editionsDue(user users.User, asked string, day time.Weekday) ([]string, error) {
	all := user.EditionNames()
	switch {
	case asked == "":
		if due := user.EditionsOn(day); len(due) > 0 {
			return due, nil
		}
		return all[:1], nil
	case !slices.Contains(all, asked):
		return nil, tasks.Permanent(fmt.Errorf("user %q has no edition %.40q: there is %s", user.ID, asked, strings.Join(all, ", ")))
	}
	return []string{asked}, nil
}

// begin has an edition written: at once if it has no news, or else after they were ranked.
func (h *Handlers) begin(ctx context.Context, user users.User, edition users.Edition, out *Generated) error {
	write := WriteArgs{User: user.ID, Edition: out.Edition, Briefing: out.Briefing, Since: out.Since, Until: h.Now()}
	options := tasks.Options{ID: out.Briefing + ".write"}
	news, err := h.hasNews(ctx, user, edition, out.Since)
	if err != nil {
		return err
	}
	if news {
		write.Ranking, options.At = out.Briefing+".rank", h.Now().Add(h.Options.Patience)
	}
	waiting, err := h.Enqueuer.Enqueue(ctx, write, options)
	if err != nil {
		return err
	}
	out.Write = &waiting
	if !news {
		return nil
	}
	asked, err := h.Enqueuer.Enqueue(ctx, rankRequest{
		agent: h.Options.Agent, User: user.ID, Topics: user.Topics, Languages: user.Languages, Zone: user.Zone, Since: out.Since, Limit: h.items(edition),
	}, tasks.Options{ID: write.Ranking, Wakes: &waiting})
	out.Ranking = &asked
	return err
}

// hasNews reports whether an edition tells of news and there are any.
func (h *Handlers) hasNews(ctx context.Context, user users.User, edition users.Edition, since time.Time) (bool, error) {
	if !edition.Has(users.News) {
		return false, nil
	}
	fresh, err := h.Documents.Recent(ctx, since, 1)
	if err != nil {
		return false, fmt.Errorf("what is new for %s: %w", user.ID, err)
	}
	return len(fresh) > 0, nil
}

// items returns how many documents an edition has at most.
func (h *Handlers) items(edition users.Edition) int { return cmp.Or(edition.Items, h.Options.Items) }
