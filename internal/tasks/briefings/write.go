package briefings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchyard/internal/rank"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// sentencesPerItem is how long an extract is.
const sentencesPerItem = 3

// WriteArgs ask for a briefing to be written, and to be delivered then.
type WriteArgs struct {
	User     string `json:"user"`
	Edition  string `json:"edition,omitempty"` // its name; "" means the daily one
	Briefing string `json:"briefing"`          // its ID
	// Since and Until bound the documents that are new.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Ranking is the ID of the agent's task; "" if nothing is new.
	Ranking string `json:"ranking,omitempty"`
	// Digest is the ID of the task of the agent that writes the texts; "" if it was not asked.
	Digest string `json:"digest,omitempty"`
}

// Kind implements [tasks.Args].
func (WriteArgs) Kind() string { return KindWrite }

// Validate implements [tasks.Validator].
func (a WriteArgs) Validate() error {
	if err := tasks.CheckID(a.Briefing); err != nil {
		return tasks.Field("briefing", `field "briefing": %v`, err)
	}
	return tasks.CheckUser(a.User)
}

// edition returns the name of what is written, and what it is like: as the daily one, if the user has
// ended it meanwhile.
func (a WriteArgs) edition(user users.User) (string, users.Edition) {
	name := cmp.Or(a.Edition, users.Daily)
	e, _ := user.Edition(name)
	return name, e
}

// Written is the result of briefing_write.
type Written struct {
	Briefing string   `json:"briefing"`
	Items    int      `json:"items"`
	Note     string   `json:"note,omitempty"`
	Channels []string `json:"channels"`
}

// write stores the briefing before it has it delivered, so that a later attempt has the same text
// delivered.
func (h *Handlers) write(ctx context.Context, _ *tasks.Task, args WriteArgs) (any, error) {
	user, err := h.user(ctx, args.User)
	if err != nil {
		return nil, err
	}
	b, found, err := h.Store.Get(ctx, args.Briefing)
	if err != nil {
		return nil, err
	}
	if !found {
		if b, err = h.compose(ctx, user, args); err != nil {
			return nil, err
		}
		if h.Options.Digest != "" && args.Digest == "" && len(b.Items) > 0 {
			return h.askDigest(ctx, args, user, b)
		}
		if err := h.Store.Put(ctx, b); err != nil {
			return nil, err
		}
	}
	if err := h.send(ctx, user, b); err != nil {
		return nil, err
	}
	if err := h.Store.MarkBriefed(ctx, user.ID, cmp.Or(args.Edition, users.Daily), args.Until); err != nil {
		return nil, err
	}
	return Written{Briefing: b.ID, Items: len(b.Items), Note: b.Note, Channels: user.Channels}, nil
}

// compose makes the briefing from the ranking, and from the digest if there is one.
func (h *Handlers) compose(ctx context.Context, user users.User, args WriteArgs) (Briefing, error) {
	name, edition := args.edition(user)
	b := Briefing{
		ID: args.Briefing, User: user.ID, Edition: name, Created: h.Now(), Zone: user.Zone, Since: args.Since,
		Items: []Item{}, NoNews: !edition.Has(users.News),
	}
	var err error
	if b.Sections, err = h.facts(ctx, user, edition, args.Since); err != nil || b.NoNews {
		return b, err
	}
	if args.Ranking == "" {
		err = h.remark(ctx, &b, ranking{})
		return b, err
	}
	r, note, err := h.ranking(ctx, user, args, h.items(edition))
	if err != nil {
		return b, err
	}
	b.Note = note
	if err := h.pick(ctx, user, args, &b, r, h.items(edition)); err != nil {
		return b, err
	}
	if err := h.remark(ctx, &b, r); err != nil {
		return b, err
	}
	if args.Digest != "" {
		err = h.digested(ctx, args, &b)
	}
	return b, err
}

// pick makes at most so many items of the documents chosen. One that is not kept any more is left out.
func (h *Handlers) pick(ctx context.Context, user users.User, args WriteArgs, b *Briefing, r ranking, most int) error {
	for _, c := range r.Choices {
		if len(b.Items) == most {
			break
		}
		if slices.ContainsFunc(b.Items, func(i Item) bool { return i.document == c.Document }) {
			continue
		}
		d, found, err := h.Documents.Get(ctx, c.Document)
		if err != nil {
			return fmt.Errorf("document %s: %w", c.Document, err)
		}
		// One that came after the briefing was asked for belongs to the next.
		if !found || d.Stored.After(args.Until) {
			continue
		}
		b.Items = append(b.Items, Item{
			document: d.ID, Title: d.Title, URL: d.URL, Published: rank.Published(d.Published, in(b.Created, b.Zone).Location()), DateGuessed: d.DateGuessed, Source: d.Source, Why: c.Why,
			Extract: rank.Sentences(rank.Text{Title: d.Title, Body: d.Text, Language: d.Language}, user.Topics, sentencesPerItem),
		})
	}
	return nil
}

// send enqueues a task for each of the user's channels, so that one that fails holds up no other.
// Called again it enqueues nothing twice, and the ledger keeps what has ended from being repeated.
func (h *Handlers) send(ctx context.Context, user users.User, b Briefing) error {
	var errs []error
	for _, name := range user.Channels {
		args := DeliverArgs{User: user.ID, Briefing: b.ID, Channel: name}
		_, err := h.Enqueuer.Enqueue(ctx, args, tasks.Options{ID: DeliverTask(b.ID, name)})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
