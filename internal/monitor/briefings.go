package monitor

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBriefingID bounds the ID of a briefing that is asked for, in bytes.
const maxBriefingID = 300

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
	User          string
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
	Body string
}

// BriefingReader finds the briefings that are kept.
type BriefingReader interface {
	List(ctx context.Context, q BriefingQuery) (BriefingPage, error)
	// Show returns a briefing and true, or false if it is not kept. id is whatever was asked for.
	Show(ctx context.Context, id string) (BriefingView, bool, error)
}

// leafing is a page of an archive, with the addresses of the pages around it; "" is none.
type leafing struct {
	BriefingPage
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
func leaf(page BriefingPage) leafing {
	out := leafing{BriefingPage: page}
	to := func(name string, at time.Time) string {
		return "?" + url.Values{name: {strconv.FormatInt(at.Unix(), 10)}}.Encode()
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
