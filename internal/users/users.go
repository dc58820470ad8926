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

// Channels are the ways a briefing can reach a user.
var Channels = []string{"in_app", "file"}

// User is one user's preferences.
type User struct {
	ID       string   `json:"id"`
	Topics   []string `json:"topics"`
	Zone     string   `json:"zone"`     // IANA name, such as Europe/Berlin
	Time     string   `json:"time"`     // of day in that zone, HH:MM
	Channels []string `json:"channels"` // of [Channels]
}

// WithDefaults fills what is left empty: 08:00 UTC, in_app.
func (u User) WithDefaults() User {
	u.Zone = cmp.Or(u.Zone, "UTC")
	u.Time = cmp.Or(u.Time, "08:00")
	if len(u.Channels) == 0 {
		u.Channels = []string{"in_app"}
	}
	return u
}

// Validate reports every preference that cannot be kept.
func (u User) Validate() error {
	errs := []error{tasks.CheckUser(u.ID), tasks.CheckTopics(u.Topics)}
	if _, err := calendar.LoadZone(u.Zone); err != nil {
		errs = append(errs, err)
	}
	if _, err := time.Parse("15:04", u.Time); err != nil {
		errs = append(errs, fmt.Errorf("time %q: give HH:MM, such as 08:00", u.Time))
	}
	for _, c := range u.Channels {
		if !slices.Contains(Channels, c) {
			errs = append(errs, fmt.Errorf("channel %q is unknown: use %s", c, strings.Join(Channels, ", ")))
		}
	}
	return errors.Join(errs...)
}
