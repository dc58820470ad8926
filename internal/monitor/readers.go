package monitor

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// readTimeout bounds what one page reads, so that a Redis that hangs gives a page that
// says so.
const readTimeout = 5 * time.Second

const (
	readPrefix  = "/read/"
	leavePrefix = "/unsubscribe/"
)

// ReadPath returns the address of the archive that a secret opens. A briefing's ID behind it is that
// briefing's.
func ReadPath(secret string) string { return readPrefix + secret + "/" }

// FeedPath returns the address of the Atom feed of that archive.
func FeedPath(secret string) string { return ReadPath(secret) + readFeed }

// LeavePath returns the address that ends the deliveries that a secret stands for.
func LeavePath(secret string) string { return leavePrefix + secret }

// ReaderLink is what a secret address stands for: a user's archive, or, if there is a channel, the
// end of deliveries on it.
type ReaderLink struct{ User, Channel string }

// Readers know the secret addresses that readers have in place of a sign-in.
type Readers interface {
	// Find returns what a secret stands for and true, or false if it stands for nothing, or its user
	// is no longer briefed.
	Find(ctx context.Context, secret string) (ReaderLink, bool, error)
	// Leave ends the deliveries of a link with a channel, and notes from where that was asked for.
	Leave(ctx context.Context, l ReaderLink, from string) error
}

// readerPages are what readers see. Their addresses are secret, so nobody signs in; their pages lead
// to nothing else of the monitor.
func (h *Handler) readerPages(g gate) http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET "+readPrefix+"style.css", style)
	pages.HandleFunc("GET "+readPrefix+"{secret}/{$}", h.readArchive)
	pages.HandleFunc("GET "+readPrefix+"{secret}/"+readFeed, h.readFeed)
	pages.HandleFunc("GET "+readPrefix+"{secret}/{id}", h.readBriefing)
	pages.HandleFunc("GET "+leavePrefix+"{secret}", h.askLeave)
	pages.HandleFunc("POST "+leavePrefix+"{secret}", func(w http.ResponseWriter, r *http.Request) { h.leave(w, r, g.client(r).String()) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The addresses are secret: they are told to no other site, and no index has them.
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		pages.ServeHTTP(w, r)
	})
}

// link returns what the secret in an address stands for, and whether it is of the wanted sort.
// Otherwise it has answered.
func (h *Handler) link(w http.ResponseWriter, r *http.Request, leaves bool) (ReaderLink, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	l, found, err := h.readers.Find(ctx, r.PathValue("secret"))
	if err != nil {
		h.readerUnavailable(w, err)
		return l, false
	}
	if !found || (l.Channel != "") != leaves {
		h.showReader(w, http.StatusNotFound, "reader-problem", "Not found", problem{"This address leads nowhere, or no longer does. A newer mail or message has one that does."})
		return l, false
	}
	return l, true
}

func (h *Handler) readerUnavailable(w http.ResponseWriter, err error) {
	h.log.Error("monitor cannot answer a reader", zap.Error(err))
	h.showReader(w, http.StatusServiceUnavailable, "reader-problem", "Not available", problem{"This cannot be done now. Try again in a moment."})
}

// askLeave changes nothing: programs follow the addresses of a mail before anybody reads it.
func (h *Handler) askLeave(w http.ResponseWriter, r *http.Request) {
	l, ok := h.link(w, r, true)
	if !ok {
		return
	}
	w.Header().Set("Content-Security-Policy", leavePolicy)
	h.showReader(w, http.StatusOK, "leave", "Unsubscribe", leaving{Channel: channelName(l.Channel)})
}

// leave is what the page's button does, and what a mail program does by itself (RFC 8058).
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, from string) {
	l, ok := h.link(w, r, true)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	if err := h.readers.Leave(ctx, l, from); err != nil {
		h.readerUnavailable(w, err)
		return
	}
	h.showReader(w, http.StatusOK, "leave", "Unsubscribed", leaving{channelName(l.Channel), true})
}

// leaving is the data of the page that ends deliveries.
type leaving struct {
	Channel string
	Done    bool
}

func channelName(channel string) string {
	names := map[string]string{"email": "by email", "chat": "in your chat", "webhook": "by webhook", "in_app": "in the app", "file": "as files"}
	return names[channel]
}

// leavePolicy is [pagePolicy] with the button of the page.
const leavePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const readOnPage = 31

// month is a part of a page of an archive.
type month struct {
	Name string
	List []BriefingSummary
}

type archive struct {
	leafing
	Months []month
	Feed   string
}

func (h *Handler) readArchive(w http.ResponseWriter, r *http.Request) {
	l, ok := h.link(w, r, false)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	q := turn(r, readOnPage)
	q.User = l.User
	page, err := h.briefings.List(ctx, q)
	if err != nil {
		h.readerUnavailable(w, err)
		return
	}
	h.showReader(w, http.StatusOK, "read", "Your briefings", archive{leaf(page), byMonth(page.List), readFeed})
}

func byMonth(list []BriefingSummary) []month {
	var months []month
	for _, b := range list {
		name := b.Created.Format("January 2006")
		if n := len(months); n == 0 || months[n-1].Name != name {
			months = append(months, month{Name: name})
		}
		last := &months[len(months)-1]
		last.List = append(last.List, b)
	}
	return months
}

// shown is a briefing whose body is harmless.
type shown struct {
	BriefingView
	Body template.HTML
}

func (h *Handler) readBriefing(w http.ResponseWriter, r *http.Request) {
	l, ok := h.link(w, r, false)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	id := r.PathValue("id")
	var b BriefingView
	var found bool
	var err error
	if len(id) <= maxBriefingID {
		b, found, err = h.briefings.Show(ctx, id)
	}
	switch {
	case err != nil:
		h.readerUnavailable(w, err)
	case !found || b.User != l.User:
		h.showReader(w, http.StatusNotFound, "reader-problem", "Not found", problem{"This briefing is not kept, or no longer."})
	default:
		h.showReader(w, http.StatusOK, "read-briefing", b.Title, shown{b, Sanitize(b.Body)})
	}
}

// day writes a date for a reader.
func day(t time.Time) string { return t.Format("Monday 2 January, 15:04") }
