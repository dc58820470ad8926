package rank

import (
	"fmt"
	"strings"
	"time"
)

// maxNamed is how many topics a reason names.
const maxNamed = 3

// why says why a text was chosen: how new it is, what of the reader's it is about, and where.
func (r Reader) why(c candidate) string {
	when := r.when(c.text)
	matches := c.choice.Matches
	if len(matches) == 0 {
		return when
	}
	var topics []string
	for _, m := range matches[:min(len(matches), maxNamed)] {
		topics = append(topics, m.Topic)
	}
	return fmt.Sprintf("%s, on %s: %s", when, series(topics), matches[0].where())
}

// when says how new a text is, in days of the reader's.
func (r Reader) when(t Text) string {
	verb := "published"
	if t.Published.IsZero() {
		verb = "found" // when it was published is not known
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	then, now := Published(t.since(), zone), r.Now.In(zone)
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	switch days := int(day(now).Sub(day(then)).Hours() / 24); {
	case days <= 0:
		return verb + " today"
	case days == 1:
		return verb + " yesterday"
	case days < 7:
		return verb + " on " + then.Weekday().String()
	}
	return verb + " on " + then.Format("2 January 2006")
}

// Published returns a time of publication as readers in a zone call it. Midnight in UTC stays that day
// in every zone: it is what a page means that states a day alone.
func Published(at time.Time, zone *time.Location) time.Time {
	if at.Equal(at.UTC().Truncate(24 * time.Hour)) {
		return at.UTC()
	}
	return at.In(zone)
}

// where says where in the text the topic stands.
func (m Match) where() string {
	var places []string
	if m.Title {
		places = append(places, "in the title")
	}
	switch {
	case m.Passages == 1:
		places = append(places, "in one passage")
	case m.Passages > 1:
		places = append(places, fmt.Sprintf("in %d passages", m.Passages))
	case !m.Title:
		places = append(places, "where the text begins") // across the title and the opening
	}
	return strings.Join(places, " and ")
}

// series joins names as a sentence has them.
func series(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
