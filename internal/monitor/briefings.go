package monitor

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	maxBriefings  = 200
	maxBriefingID = 200 // bytes
)

// BriefingSummary is one line of the list of briefings.
type BriefingSummary struct {
	ID      string
	User    string
	Title   string
	Created time.Time
}

// BriefingReader finds the briefings that are kept.
type BriefingReader interface {
	// List returns at most limit briefings, the newest first.
	List(ctx context.Context, limit int) ([]BriefingSummary, error)
	// HTML returns a briefing's title, and its body as HTML with its own heading. The
	// body is sanitised again before it is shown. id is whatever was asked for.
	HTML(ctx context.Context, id string) (title, body string, found bool, err error)
}

func (h *Handler) listBriefings(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	list, err := h.briefings.List(ctx, maxBriefings)
	if err != nil {
		h.unavailable(w, "briefings", err)
		return
	}
	h.show(w, http.StatusOK, "briefings", "Briefings", list)
}

func (h *Handler) showBriefing(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if len(id) > maxBriefingID {
		h.notFound(w, fmt.Sprintf("A briefing's ID has at most %d bytes; this one has %d.", maxBriefingID, len(id)))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	title, body, found, err := h.briefings.HTML(ctx, id)
	switch {
	case err != nil:
		h.unavailable(w, "briefing", err)
	case !found:
		h.notFound(w, fmt.Sprintf("There is no briefing %q, or it is no longer kept.", id))
	default:
		h.show(w, http.StatusOK, "briefing", title, sanitize(body))
	}
}
