// Package users keeps what each user wants to be briefed about, when and how.
//
// A user's preferences are kept in the schedule, with the entry of their daily briefing:
// a change of one is a change of the other, in one write.
package users

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

// The channels by which a briefing can reach a user.
const (
	InApp   = "in_app"
	File    = "file"
	Email   = "email"
	Webhook = "webhook"
	Chat    = "chat"
)

// Channels are all of them.
var Channels = []string{InApp, File, Email, Webhook, Chat}

// User is one user's preferences.
type User struct {
	ID     string   `json:"id"`
	Topics []string `json:"topics"`
	// Languages are those the user reads, as ISO 639-1 codes; none means all.
	Languages []string `json:"languages,omitempty"`
	Zone      string   `json:"zone"`     // IANA name, such as Europe/Berlin
	Time      string   `json:"time"`     // of day in that zone, HH:MM
	Channels  []string `json:"channels"` // of [Channels]
	// QuietDays are the weekdays without a briefing, such as sat, but for editions with days of their own.
	QuietDays []string `json:"quiet_days,omitempty"`
	// Editions are the user's briefings by their names; none means the daily one.
	Editions map[string]Edition `json:"editions,omitempty"`
	// Email, Webhook and Chat are where the channels of these names go: an address, a URL, and the
	// name of a configured chat.
	Email   string `json:"email,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Chat    string `json:"chat,omitempty"`
}

// WithDefaults fills what is left empty: 08:00 UTC, in_app.
func (u User) WithDefaults() User {
	u.Zone = cmp.Or(u.Zone, "UTC")
	u.Time = cmp.Or(u.Time, "08:00")
	if len(u.Channels) == 0 {
		u.Channels = []string{InApp}
	}
	return u
}

// Validate reports every preference that cannot be kept.
func (u User) Validate() error {
	errs := []error{tasks.CheckUser(u.ID), tasks.CheckTopics(u.Topics), tasks.CheckLanguages(u.Languages)}
	if _, err := calendar.LoadZone(u.Zone); err != nil {
		errs = append(errs, err)
	}
	if _, err := time.Parse("15:04", u.Time); err != nil {
		errs = append(errs, fmt.Errorf("time %q: give HH:MM, such as 08:00", u.Time))
	}
	_, err := u.days()
	errs = append(errs, err)
	for i, c := range u.Channels {
		switch {
		case !slices.Contains(Channels, c):
			errs = append(errs, fmt.Errorf("channel %.50q is unknown: use %s", c, strings.Join(Channels, ", ")))
		case slices.Contains(u.Channels[:i], c):
			errs = append(errs, fmt.Errorf("channel %q is named twice: name it once", c))
		}
	}
	return errors.Join(append(errs, u.checkAddresses())...)
}
