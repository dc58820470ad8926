package monitor

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	briefingsOnPage = 50
	maxBriefingID   = 300 // bytes
)

// BriefingSummary is one line of the list of briefings.
type BriefingSummary struct {
	ID      string
	User    string
	Title   string
	Created time.Time // in the user's zone
	Items   int
}

// BriefingQuery asks for the newest briefings before a time, or the oldest after one.
type BriefingQuery struct {
	User          string // "": of all
	Before, After time.Time
	Limit         int
}

// BriefingPage is a part of the archive, newest first, and whether there is more on either side.
type BriefingPage struct {
	List         []BriefingSummary
	Newer, Older bool
}

// BriefingView is a briefing to be shown. Its body is HTML with its own heading, and is sanitised
// again before it is shown.
type BriefingView struct {
	BriefingSummary
	Body       string
	Deliveries []BriefingDelivery
}

// BriefingDelivery is what became of a briefing on a channel.
type BriefingDelivery struct {
	Briefing, Channel, State, Detail string
	At                               time.Time
	Doubtful                         bool // it waits for a person
}

// BriefingReader finds the briefings that are kept.
type BriefingReader interface {
	List(ctx context.Context, q BriefingQuery) (BriefingPage, error)
	// Show returns a briefing and true, or false if it is not kept. id is whatever was asked for.
	Show(ctx context.Context, id string) (BriefingView, bool, error)
	// Doubts returns at most so many deliveries that wait for a person; with a user those to them.
	Doubts(ctx context.Context, user string, most int) ([]BriefingDelivery, error)
}

// leafing is a page of an archive, with the addresses of the pages around it; "" is none.
type leafing struct {
	BriefingPage
	User         string
	Newer, Older string
}

// turn reads which page of an archive is asked for. What is no time is the first page.
func turn(r *http.Request, limit int) BriefingQuery {
	at := func(name string) time.Time {
		seconds, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
		if err != nil || seconds <= 0 || seconds > 1<<40 {
			return time.Time{}
		}
		return time.Unix(seconds, 0)
	}
	return BriefingQuery{Before: at("before"), After: at("after"), Limit: limit}
}

// leaf adds to a page where one may leaf from it.
func leaf(page BriefingPage, user string) leafing {
	out := leafing{BriefingPage: page, User: user}
	to := func(name string, at time.Time) string {
		values := url.Values{name: {strconv.FormatInt(at.Unix(), 10)}}
		if user != "" {
			values.Set("user", user)
		}
		return "?" + values.Encode()
	}
	if n := len(page.List); n > 0 {
		if page.Newer {
			out.Newer = to("after", page.List[0].Created)
		}
		if page.Older {
			out.Older = to("before", page.List[n-1].Created)
		}
	}
	return out
}

func (h *Handler) listBriefings(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	q := turn(r, briefingsOnPage)
	q.User = cmp.Or(CallerOf(r).User, r.URL.Query().Get("user"))
	page, err := h.briefings.List(ctx, q)
	if err != nil {
		h.unavailable(w, "briefings", err)
		return
	}
	h.show(w, http.StatusOK, "briefings", "Briefings", leaf(page, q.User))
}

// shown is a briefing whose body is harmless.
type shown struct {
	BriefingView
	Body template.HTML
}

func (h *Handler) showBriefing(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if len(id) > maxBriefingID {
		h.notFound(w, fmt.Sprintf("A briefing's ID has at most %d bytes; this one has %d.", maxBriefingID, len(id)))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	b, found, err := h.briefings.Show(ctx, id)
	if only := CallerOf(r).User; only != "" && b.User != only {
		found = false
	}
	switch {
	case err != nil:
		h.unavailable(w, "briefing", err)
	case !found:
		h.notFound(w, fmt.Sprintf("There is no briefing %q, or it is no longer kept.", id))
	default:
		h.show(w, http.StatusOK, "briefing", b.Title, shown{b, sanitize(b.Body)})
	}
}
