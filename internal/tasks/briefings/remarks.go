package briefings

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Visited is what became of a source of pages.
type Visited struct {
	Name   string
	At     time.Time // the last visit
	Failed bool      // it could not be read then
	Unread int       // its pages that have failed since the time asked for
}

// Sources gives what became of the sources since a time.
type Sources interface {
	Visited(ctx context.Context, since time.Time) ([]Visited, error)
}

// remark adds what a reader should know of the news beside the items: what was left out, and what
// could not be read.
func (h *Handlers) remark(ctx context.Context, b *Briefing, r ranking) error {
	b.Considered = r.Considered
	if more := r.Considered - r.Unmatched - r.Foreign - r.Old - r.Repeated - len(r.Choices); more > 0 && len(b.Items) > 0 {
		b.Remarks = append(b.Remarks, count(more, "more page fits your topics.", "more pages fit your topics."))
	}
	if r.Foreign > 0 {
		b.Remarks = append(b.Remarks, count(r.Foreign, "new page is left out, in a language that you do not read.", "new pages are left out, in languages that you do not read."))
	}
	if h.Sources == nil {
		return nil
	}
	visited, err := h.Sources.Visited(ctx, b.Since)
	if err != nil {
		return fmt.Errorf("sources: %w", err)
	}
	unread, good, bad := 0, []string{}, []string{}
	for _, v := range visited {
		unread += v.Unread
		if v.Failed {
			bad = append(bad, v.Name)
		} else if !v.At.Before(b.Since) {
			good = append(good, v.Name)
		}
	}
	if unread > 0 {
		b.Remarks = append(b.Remarks, count(unread, "page could not be read.", "pages could not be read."))
	}
	if len(bad) > 0 {
		b.Remarks = append(b.Remarks, "Could not be read when last visited: "+some(bad)+".")
	}
	if len(good) > 0 && len(b.Items) == 0 {
		b.Remarks = append(b.Remarks, "Visited since then: "+some(good)+".")
	}
	return nil
}

// count says how many there are of something.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some names the first of many.
func some(names []string) string {
	if len(names) <= maxLines {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxLines], ", "), len(names)-maxLines)
}

// Nothing says why a briefing has no items, or that it has nothing else if it is to have none.
func (b Briefing) Nothing() string {
	if b.NoNews && len(b.Sections) > 0 {
		return ""
	}
	if b.Considered > 0 {
		return count(b.Considered, "new page was looked at, and none was chosen for you.", "new pages were looked at, and none was chosen for you.")
	}
	return "Nothing new since " + day(in(b.Since, b.Zone)) + "."
}

// Byline says who has published an item and when, "" if neither is known.
func (i Item) Byline() string {
	var parts []string
	if i.Source != "" {
		parts = append(parts, i.Source)
	}
	if date := day(i.Published); date != "" && i.DateGuessed {
		parts = append(parts, "probably "+date)
	} else if date != "" {
		parts = append(parts, date)
	}
	return strings.Join(parts, " · ")
}
