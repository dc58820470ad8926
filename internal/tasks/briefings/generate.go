package briefings

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

// GenerateArgs ask for a briefing of what is new for a user.
type GenerateArgs struct {
	User string `json:"user"`
}

// Kind implements [tasks.Args].
func (GenerateArgs) Kind() string { return KindGenerate }

// Validate implements [tasks.Validator].
func (a GenerateArgs) Validate() error { return tasks.CheckUser(a.User) }

// Generated is the result of briefing_generate.
type Generated struct {
	Briefing string    `json:"briefing"` // its ID
	Since    time.Time `json:"since"`
	// Ranking and Write are the tasks that follow; nil if there was nothing new.
	Ranking *tasks.Receipt `json:"ranking,omitempty"`
	Write   *tasks.Receipt `json:"write,omitempty"`
}

// generate may run again after it was cut off anywhere: what it enqueues is named
// after its own task, so nothing is enqueued twice.
func (h *Handlers) generate(ctx context.Context, t *tasks.Task, args GenerateArgs) (any, error) {
	user, err := h.user(ctx, args.User)
	if err != nil {
		return nil, err
	}
	since, err := h.Store.Since(ctx, user.ID, h.Now().Add(-h.Options.FirstSpan))
	if err != nil {
		return nil, err
	}
	fresh, err := h.Documents.Recent(ctx, since, 1)
	if err != nil {
		return nil, fmt.Errorf("what is new for %s: %w", user.ID, err)
	}
	out := Generated{Briefing: t.ID, Since: since}
	write := WriteArgs{User: user.ID, Briefing: t.ID, Since: since, Until: h.Now()}
	if len(fresh) == 0 {
		receipt, err := h.Enqueuer.Enqueue(ctx, write, tasks.Options{ID: t.ID + ".write"})
		out.Write = &receipt
		return out, err
	}
	waiting, err := h.Enqueuer.Enqueue(ctx, write.rankedBy(t.ID+".rank"), tasks.Options{
		ID: t.ID + ".write",
		At: h.Now().Add(h.Options.Patience),
	})
	if err != nil {
		return nil, err
	}
	asked, err := h.Enqueuer.Enqueue(ctx, rankRequest{
		agent: h.Options.Agent, User: user.ID, Topics: user.Topics, Languages: user.Languages, Zone: user.Zone, Since: since, Limit: h.Options.Items,
	}, tasks.Options{ID: t.ID + ".rank", Wakes: &waiting})
	if err != nil {
		return nil, err
	}
	out.Write, out.Ranking = &waiting, &asked
	return out, nil
}
