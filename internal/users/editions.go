package users

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Daily is the edition of a user who has chosen none.
const Daily = "daily"

// The sections of an edition.
const (
	News      = "news"      // what is new on the user's topics
	Paused    = "paused"    // that the user's agents are paused
	Decisions = "decisions" // what waits for a decision of the user's
	Failed    = "failed"    // runs of agents that have failed
	Done      = "done"      // and those that have succeeded
)

// Sections are all of them, in the order in which they are read.
var Sections = []string{News, Paused, Decisions, Failed, Done}

const (
	maxEditions = 10
	maxItems    = 100 // as many as an agent may be asked for
	maxTone     = 200 // bytes
)

var editionName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Edition is one of a user's briefings, such as a weekly one beside the daily one.
type Edition struct {
	Days     []string `json:"days,omitempty" doc:"The weekdays on which it comes, such as mon; all but the quiet days if left out."`
	Items    int      `json:"items,omitempty" doc:"How many pages it has at most; as many as the configuration says if left out."`
	Sections []string `json:"sections,omitempty" doc:"The sections that it has: news, paused, decisions, failed, done; all if left out."`
	Tone     string   `json:"tone,omitempty" doc:"How the agent is to write that writes the texts, in words."`
}

// Has reports whether an edition has a section.
func (e Edition) Has(section string) bool {
	return len(e.Sections) == 0 || slices.Contains(e.Sections, section)
}

// Span returns how far back an edition looks that comes on a day and was never written before: as far as
// the last of its days, at least that long.
func (e Edition) Span(on time.Weekday, least time.Duration) time.Duration {
	if len(e.Days) == 0 {
		return least
	}
	days := 1
	for days < len(Weekdays) && !slices.Contains(e.Days, dayOf(on-time.Weekday(days))) {
		days++
	}
	return max(least, time.Duration(days)*24*time.Hour)
}

// dayOf returns the name of a weekday, of which those before Sunday are negative.
func dayOf(day time.Weekday) string { return Weekdays[(int(day)+13)%len(Weekdays)] }

// Edition returns an edition by its name and true, or false if the user has none.
func (u User) Edition(name string) (Edition, bool) {
	if len(u.Editions) == 0 {
		return Edition{}, name == Daily
	}
	e, found := u.Editions[name]
	return e, found
}

// EditionsOn returns the names of the editions that come on a day, sorted.
func (u User) EditionsOn(day time.Weekday) []string { return u.editionsOn(dayOf(day)) }

func (u User) editionsOn(day string) (names []string) {
	for _, name := range u.EditionNames() {
		if e, _ := u.Edition(name); u.comesOn(day, e) {
			names = append(names, name)
		}
	}
	return names
}

// EditionNames returns the names of all editions, sorted.
func (u User) EditionNames() []string {
	if len(u.Editions) == 0 {
		return []string{Daily}
	}
	return slices.Sorted(maps.Keys(u.Editions))
}

// checkEditions reports every edition that cannot be kept.
func (u User) checkEditions() error {
	var errs []error
	if u.Editions != nil && len(u.Editions) == 0 {
		errs = append(errs, errors.New("the last edition cannot be dropped: add another one before, or pause or remove the user"))
	}
	if len(u.Editions) > maxEditions {
		errs = append(errs, fmt.Errorf("%d editions are too many: at most %d are kept", len(u.Editions), maxEditions))
	}
	for _, name := range slices.Sorted(maps.Keys(u.Editions)) {
		if !editionName.MatchString(name) {
			errs = append(errs, fmt.Errorf("edition %.40q: give a name of at most 31 small letters, digits and hyphens, such as weekly", name))
		} else if err := u.Editions[name].check(); err != nil {
			errs = append(errs, fmt.Errorf("edition %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (e Edition) check() error {
	errs := []error{checkDays("day", e.Days)}
	if e.Items < 0 || e.Items > maxItems {
		errs = append(errs, fmt.Errorf("items is %d: give 1 to %d, or 0 for as many as the configuration says", e.Items, maxItems))
	}
	for _, s := range e.Sections {
		if !slices.Contains(Sections, s) {
			errs = append(errs, fmt.Errorf("section %.20q is unknown: use %s", s, strings.Join(Sections, ", ")))
		}
	}
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(e.Tone) > maxTone || strings.ContainsFunc(e.Tone, hidden) {
		errs = append(errs, fmt.Errorf("tone %.40q: give at most %d bytes in one line, such as brief and plain", e.Tone, maxTone))
	}
	return errors.Join(errs...)
}
