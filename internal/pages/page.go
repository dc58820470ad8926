// Package pages remembers what became of each page of the web that was to be scraped, so that none
// is fetched for nothing and none is forgotten because it failed once.
//
//	       met                 fetched and stored
//	(new) ----> waiting ------------------------> seen
//	               |  ^                             |
//	        failed |  | the next try is due         | its source says that it has changed
//	               v  |                             v
//	             failed -----> gone              waiting
//	                after some tries, or at once if the site says so
//
// A page is remembered for a while after it was met last: as long as a feed lists it.
package pages

import (
	"cmp"
	"fmt"
	"time"

	"switchyard/internal/documents"
	"switchyard/internal/web"
)

// State is what is known of a page.
type State string

// The states of a page.
const (
	Waiting State = "waiting" // its task is to fetch it
	Failed  State = "failed"  // it could not be read; it is tried again
	Gone    State = "gone"    // it is not there any more, or not to be had
	Seen    State = "seen"    // it was read
)

// Page is what is known of one page.
type Page struct {
	URL    string `json:"url"` // canonical
	Source string `json:"source,omitempty"`
	State  State  `json:"state"`
	// Met is when a source listed it first.
	Met time.Time `json:"met,omitzero"`
	// Visits is how often it was fetched.
	Visits int `json:"visits,omitempty"`
	// Visited is when it was fetched last, and Next when it is tried again after it has failed.
	Visited time.Time `json:"visited,omitzero"`
	Next    time.Time `json:"next,omitzero"`
	// Failures are its visits since it was read last that failed, and Error says why the last did.
	Failures int    `json:"failures,omitempty"`
	Error    string `json:"error,omitempty"`
	// Validators are what its server names its content by.
	Validators web.Validators `json:"validators,omitzero"`
	// Fresh is until when its server says that it does not change.
	Fresh time.Time `json:"fresh,omitzero"`
	// Moved is the URL that stands for it from now on, as its server says; "" if it says no such thing.
	Moved string `json:"moved,omitempty"`
	// Searched is when a feed was looked for last that the page does not announce.
	Searched time.Time `json:"searched,omitzero"`
	// Document is the ID of what was read of it.
	Document string `json:"document,omitempty"`
}

// ID returns the ID of the page at a canonical URL.
func ID(url string) string { return documents.ID(url) }

// Reason is the kind of failure, which decides when the page is tried again.
type Reason int

// The reasons of failures.
const (
	// Unavailable is a server that is away, overloaded or asks for patience.
	Unavailable Reason = iota
	// Missing is a page that its server does not have, perhaps not yet.
	Missing
	// Removed is one that its server says it will never have again.
	Removed
	// Refused is one that may not be fetched: by robots.txt, or without a password.
	Refused
	// Unreadable is one without a text that could be read.
	Unreadable
)

const (
	hour = time.Hour
	day  = 24 * hour
)

// pauses are how long after each failure a page is tried again. After the last it is gone.
var pauses = map[Reason][]time.Duration{
	Unavailable: {5 * time.Minute, 30 * time.Minute, 2 * hour, 8 * hour, day, 2 * day, 4 * day, 7 * day},
	Missing:     {hour, day, 3 * day},
	Removed:     nil,
	Refused:     {day, 3 * day, 7 * day},
	Unreadable:  {hour, day, 3 * day},
}

// Fail notes that a visit failed. at least is how long the server asks to be left alone, 0 if it says
// nothing. A page that was read before stays so: what was read of it is still there.
func (p *Page) Fail(reason Reason, why string, atLeast time.Duration, now time.Time) {
	const maxError = 500
	p.Error = why[:min(len(why), maxError)]
	left := pauses[reason]
	if p.Failures < len(left) {
		p.State, p.Next = Failed, now.Add(max(left[p.Failures], atLeast))
	} else {
		p.State, p.Next = Gone, time.Time{}
	}
	p.Moved = "" // perhaps that is what failed: the next visit asks the old address
	p.Failures++
	p.Visits++
	p.Visited = now
}

// Read notes that a visit brought what is kept as a document, or that its server says that this has
// not changed.
func (p *Page) Read(document string, from *web.Page) {
	p.State, p.Document, p.Visited = Seen, document, from.FetchedAt
	p.Visits++
	p.Failures, p.Error, p.Next = 0, "", time.Time{}
	p.Renew(from)
}

// Renew notes what a server says of the version of a page that it has, and of where it is.
func (p *Page) Renew(from *web.Page) {
	if from.Moved != "" {
		p.Moved = from.Moved
	}
	p.Validators, p.Fresh = from.Validators, time.Time{}
	if from.Fresh > 0 {
		p.Fresh = from.FetchedAt.Add(from.Fresh)
	}
}

// Address returns what is to be asked for the page at url: where it has moved, if it has.
func (p *Page) Address(url string) string { return cmp.Or(p.Moved, url) }

// TaskID returns the ID of the task of a kind that makes the next visit. Whoever sends that sends it
// once. A task that ended without a word does not block its page for more than a week.
func (p *Page) TaskID(kind string, now time.Time) string {
	since := p.Visited
	if since.IsZero() {
		since = p.Met
	}
	return fmt.Sprintf("%s-%s-%d.%d", kind, ID(p.URL), p.Visits, max(0, now.Sub(since)/(7*day)))
}

// revisitAfter is how long a page that was fetched is left alone, also if its source says that it has
// changed: some say so all the time.
const revisitAfter = 6 * hour

// due reports whether a page that its source lists is to be fetched. changed is when the source says
// that it has changed, the zero time if it does not say.
func (p *Page) due(changed, now time.Time) bool {
	switch p.State {
	case Seen, Gone:
		return changed.After(p.Visited) && !changed.After(now) && now.Sub(p.Visited) >= revisitAfter
	case Failed:
		return !p.Next.After(now)
	}
	return true // waiting: whoever sends its task finds out whether it is there
}
