package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
)

type listBriefingsInput struct {
	User   string `query:"user" maxLength:"200" doc:"The user for whom they were written."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"50" doc:"What the page before says comes next."`
}

// BriefingSummary is one line of the archive.
type BriefingSummary struct {
	ID        string    `json:"id"`
	User      string    `json:"user"`
	Title     string    `json:"title"`
	Edition   string    `json:"edition,omitempty" doc:"The name of the user's edition; daily if left out."`
	Created   time.Time `json:"created"`
	Zone      string    `json:"zone,omitempty" doc:"The user's time zone."`
	ItemCount int       `json:"item_count"`
}

func briefingSummaryOf(b briefings.Briefing) BriefingSummary {
	return BriefingSummary{ID: b.ID, User: b.User, Title: b.Title(), Edition: b.Edition, Created: b.Created, Zone: b.Zone, ItemCount: len(b.Items)}
}

// BriefingPage is some of the archive.
type BriefingPage struct {
	Items []BriefingSummary `json:"items" doc:"The newest first."`
	Next  string            `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

type briefingsOutput struct {
	Link string `header:"Link"`
	Body BriefingPage
}

// Briefing is a briefing with what became of it.
type Briefing struct {
	BriefingSummary
	Since      time.Time         `json:"since" doc:"After this time a page was new."`
	Note       string            `json:"note,omitempty" doc:"What the reader should know of how it was made."`
	Overview   string            `json:"overview,omitempty" doc:"What an agent says of all items together."`
	Items      []BriefingItem    `json:"items"`
	NoNews     bool              `json:"no_news,omitempty" doc:"Whether the edition has no section of news."`
	Considered int               `json:"considered,omitempty" doc:"How many pages were compared for it."`
	Remarks    []string          `json:"remarks,omitempty" doc:"What was left out, and what could not be read."`
	Sections   []BriefingSection `json:"sections,omitempty" doc:"What the user's agents did and wait for."`
	Text       string            `json:"text" doc:"All of it as plain text."`
	HTML       string            `json:"html" doc:"All of it as a fragment of HTML. Sanitise it before you show it: it has what pages say."`
	Deliveries []Delivery        `json:"deliveries"`
}

// BriefingItem is one page in a briefing.
type BriefingItem struct {
	Title       string    `json:"title"`
	URL         string    `json:"url"`
	Source      string    `json:"source,omitempty" doc:"The name of its source."`
	Published   time.Time `json:"published,omitzero"`
	DateGuessed bool      `json:"date_guessed,omitempty" doc:"Whether the page does not say for sure when it was published."`
	Extract     []string  `json:"extract" doc:"Sentences of the page."`
	Summary     string    `json:"summary,omitempty" doc:"What an agent has written of it."`
	Why         string    `json:"why,omitempty" doc:"Why it was chosen."`
}

// BriefingSection tells of the user's agents.
type BriefingSection briefings.Section

// BriefingID names a briefing in an address, see [Named].
type BriefingID struct {
	ID string `path:"id" maxLength:"300"`
}

func (s *server) registerBriefings(api huma.API) {
	operation := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"briefings"}, Errors: []int{http.StatusNotFound}}
	}
	register(api, operation("list-briefings", "/v1/briefings", "List briefings, the newest first"), s.listBriefings)
	register(api, operation("get-briefing", "/v1/briefings/{id}", "Read a briefing, and what became of it on each channel"), s.getBriefing)
}

func (s *server) listBriefings(ctx context.Context, in *listBriefingsInput) (*briefingsOutput, error) {
	only, err := CallerOf(ctx).onlyUser(tokens.BriefingsRead, in.User)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Briefings.Newest(ctx, only, in.Cursor, in.Limit)
	if errors.Is(err, briefings.ErrCursor) {
		return nil, invalidParameter("cursor", err)
	}
	out := &briefingsOutput{Link: nextPage("/v1/briefings", in.Limit, next, map[string]string{"user": in.User}), Body: BriefingPage{Items: []BriefingSummary{}, Next: next}}
	for _, b := range list {
		out.Body.Items = append(out.Body.Items, briefingSummaryOf(b))
	}

	return out, err
}

// findBriefing returns a briefing that the caller may see.
func (s *server) findBriefing(ctx context.Context, action tokens.Action, id string) (briefings.Briefing, error) {
	caller := CallerOf(ctx)
	if err := caller.need(action, ""); err != nil {
		return briefings.Briefing{}, err
	}
	b, found, err := s.Briefings.Get(ctx, id)
	if err == nil && (!found || caller.User != "" && caller.User != b.User) {
		err = noSuch("briefing", id)
	}
	return b, err
}

func (s *server) getBriefing(ctx context.Context, in *BriefingID) (*body[Briefing], error) {
	b, err := s.findBriefing(ctx, tokens.BriefingsRead, in.ID)
	if err != nil {
		return nil, err
	}
	out := Briefing{
		BriefingSummary: briefingSummaryOf(b), Since: b.Since, Note: b.Note, Overview: b.Overview, Items: []BriefingItem{}, NoNews: b.NoNews,
		Considered: b.Considered, Remarks: b.Remarks, Deliveries: []Delivery{},
	}
	for _, i := range b.Items {
		out.Items = append(out.Items, BriefingItem{i.Title, i.URL, i.Source, i.Published, i.DateGuessed, append([]string{}, i.Extract...), i.Summary, i.Why})
	}
	for _, section := range b.Sections {
		section.Lines = append([]string{}, section.Lines...)
		out.Sections = append(out.Sections, BriefingSection(section))
	}
	if out.Text, err = b.Text(); err != nil {
		return nil, err
	}
	if out.HTML, err = b.HTML(); err != nil {
		return nil, err
	}
	ledger, err := s.Briefings.Ledger(ctx, b.ID)
	for _, entry := range ledger {
		out.Deliveries = append(out.Deliveries, deliveryOf(b.ID, b.User, entry))
	}
	return &body[Briefing]{out}, err
}
