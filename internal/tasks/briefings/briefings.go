// Package briefings performs briefing_* tasks: what is new for a user becomes a
// briefing, and the briefing is delivered.
//
// It takes several tasks, so that nobody holds a slot while an agent ranks, and no channel waits for
// another:
//
//	briefing_generate   finds what is new, asks an agent to rank it, and leaves a
//	                    briefing_write waiting, to be woken when the agent has ended
//	briefing_write      writes the briefing from the ranking and has it delivered; or, if an
//	                    agent is to write its texts, asks that one and leaves another
//	                    briefing_write waiting for it
//	briefing_deliver    brings a briefing to its user on one channel
//
// Should an agent never answer, briefing_write runs anyway once its patience is over. While the
// agent's task waits for a slot it waits too, for some hours at most. Then it falls back to the last good ranking, and to sentences of the pages.
package briefings

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// The kinds of this package.
const (
	KindGenerate = "briefing_generate"
	KindWrite    = "briefing_write"
	KindDeliver  = "briefing_deliver"
)

// Briefing is what a user reads.
type Briefing struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Edition string    `json:"edition,omitempty"` // its name; "" means the daily one
	Created time.Time `json:"created"`
	Zone    string    `json:"zone,omitempty"` // the user's, for dates
	// Since is the time after which a document was new.
	Since time.Time `json:"since"`
	// Note says what the reader should know of how it was made; "" if all went well.
	Note string `json:"note,omitempty"`
	// Overview is what an agent says of all items together, if one writes the texts.
	Overview string `json:"overview,omitempty"`
	Items    []Item `json:"items"`
	// NoNews reports that the edition has no section of news, so there are no items.
	NoNews bool `json:"no_news,omitempty"`
	// Considered is how many documents were compared for it, 0 if that is not known.
	Considered int `json:"considered,omitempty"`
	// Remarks say what was left out of the items, and what could not be read.
	Remarks []string `json:"remarks,omitempty"`
	// Sections tell what the user's agents did and wait for.
	Sections []Section `json:"sections,omitempty"`
}

// Item is one document in a briefing.
type Item struct {
	Title     string    `json:"title"`
	URL       string    `json:"url"`
	Published time.Time `json:"published,omitzero"`
	// DateGuessed reports that the page does not say for sure when it was published.
	DateGuessed bool     `json:"date_guessed,omitempty"`
	Source      string   `json:"source,omitempty"` // the name its source was given
	Extract     []string `json:"extract"`          // sentences of the document
	// Summary is what an agent has written of it, and is shown in place of the extract.
	Summary string `json:"summary,omitempty"`
	Why     string `json:"why,omitempty"`

	document string // its ID
}

// Documents gives the documents stored since a time, newest first, and single ones.
type Documents interface {
	Recent(ctx context.Context, since time.Time, limit int) ([]documents.Document, error)
	Get(ctx context.Context, id string) (documents.Document, bool, error)
}

// Users gives a user's preferences.
type Users interface {
	Get(ctx context.Context, id string) (users.User, bool, error)
}

// Results gives what became of a task.
type Results interface {
	StatusByKind(ctx context.Context, kind, id string) (tasks.Status, bool, error)
}

// Options say how briefings are made.
type Options struct {
	// Agent ranks what is new; its runtime must give a ranking.
	Agent string
	// Digest is the agent that writes the texts; its runtime must give a digest. Without
	// one sentences of the documents are quoted.
	Digest string
	// Items bounds how many documents a briefing has whose edition does not say.
	Items int
	// Patience is how long each agent is waited for, once it has a slot.
	Patience time.Duration
	// FirstSpan is how far back the first briefing of a user looks at least.
	FirstSpan time.Duration
}

// Handlers perform the kinds of this package.
type Handlers struct {
	Options   Options
	Documents Documents
	Corpus    *corpus.Corpus
	Users     Users
	Results   Results
	Enqueuer  tasks.Enqueuer
	Store     *Store
	Channels  map[string]Channel // by the names used in a user's preferences
	Runs      Runs
	Brake     Brake   // nil: briefings tell nothing of agents
	Sources   Sources // nil: briefings tell nothing of sources
	Linker    Linker  // nil: briefings have no links
	Now       func() time.Time
}

// Kinds returns the kinds of this package.
func Kinds() []tasks.Kind {
	return []tasks.Kind{tasks.KindOf[GenerateArgs](KindGenerate, 2), tasks.KindOf[WriteArgs](KindWrite, 2), tasks.KindOf[DeliverArgs](KindDeliver, 1)}
}

// ByKind returns the handler of each kind.
func (h *Handlers) ByKind() tasks.Handlers {
	return tasks.Handlers{KindGenerate: tasks.Handle(h.generate), KindWrite: tasks.Handle(h.write), KindDeliver: tasks.Handle(h.deliver)}
}

// user returns the preferences of a user. One without any is no reason to retry.
func (h *Handlers) user(ctx context.Context, id string) (users.User, error) {
	u, found, err := h.Users.Get(ctx, id)
	if err != nil {
		return u, fmt.Errorf("preferences of %s: %w", id, err)
	}
	if !found {
		return u, tasks.Permanent(fmt.Errorf("user %q has no preferences: set them with switchyard user set %s", id, id))
	}
	return u, nil
}
