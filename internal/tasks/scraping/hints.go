package scraping

import (
	"time"

	"switchyard/internal/article"
	"switchyard/internal/feeds"
	"switchyard/internal/tasks"
)

// MaxHint bounds what a feed says of a page: bytes of all its texts together.
const MaxHint = 64 << 10

// FeedHint is what the feed that led to a page says of it. It fills in what the page does not
// say itself. All fields may be empty.
type FeedHint struct {
	Title     string    `json:"title,omitempty"`
	Author    string    `json:"author,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Updated   time.Time `json:"updated,omitzero"`
	Text      string    `json:"text,omitempty"` // plain
}

// hintsOf returns what an item says, nil if that is nothing.
func hintsOf(item feeds.Item) *FeedHint {
	h := FeedHint{Title: item.Title, Author: item.Author, Published: item.Date(), Updated: item.Updated, Text: article.Plain(item.Content)}
	if room := MaxHint - len(h.Title) - len(h.Author); len(h.Text) > room {
		h.Text = article.Cut(h.Text, room)
	}
	if h == (FeedHint{}) {
		return nil
	}
	return &h
}

// changed returns when the page has changed, as the feed says, the zero time if it does not say.
func (h *FeedHint) changed() time.Time {
	switch {
	case h == nil:
		return time.Time{}
	case h.Updated.After(h.Published):
		return h.Updated
	}
	return h.Published
}

func (h *FeedHint) hints() article.Hints {
	if h == nil {
		return article.Hints{}
	}
	return article.Hints{Title: h.Title, Author: h.Author, Published: h.Published, Text: h.Text}
}

func (h *FeedHint) validate() error {
	if h == nil {
		return nil
	}
	if size := len(h.Title) + len(h.Author) + len(h.Text); size > MaxHint {
		return tasks.Field("feed", "field \"feed\" has texts of %d bytes: at most %d are allowed", size, MaxHint)
	}
	return nil
}
