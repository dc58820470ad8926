package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// briefingFreshFor is how late a daily briefing may be and still be worth reading.
const briefingFreshFor = 6 * time.Hour

// BriefingEntryID returns the ID of the schedule entry of a user's daily briefing.
func BriefingEntryID(user string) string { return "briefing:" + user }

// BriefingEntry returns the schedule entry of a user's daily briefing.
func BriefingEntry(u users.User) (schedule.Entry, error) {
	at, err := time.Parse("15:04", u.Time)
	if err != nil {
		return schedule.Entry{}, fmt.Errorf("time %q: give HH:MM, such as 08:00", u.Time)
	}
	payload, err := json.Marshal(map[string]string{"user": u.ID})
	return schedule.Entry{
		ID: BriefingEntryID(u.ID), Spec: fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour()), Zone: u.Zone,
		Kind: "briefing_generate", Payload: payload, FreshFor: briefingFreshFor, Owner: u.ID, Origin: schedule.OriginUser,
	}, err
}

// SetUser stores a user's preferences and makes or moves the entry of their briefing.
func (s *System) SetUser(ctx context.Context, u users.User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	entry, err := BriefingEntry(u)
	if err != nil {
		return err
	}
	if err := s.Users.Put(ctx, u); err != nil {
		return err
	}
	_, err = s.Schedule.Put(ctx, entry)
	return err
}

// RemoveUser forgets a user and their briefing's entry, and reports whether there was
// such a user. The entry goes first: a user without one gets no briefing, an entry
// without a user would fail every day.
func (s *System) RemoveUser(ctx context.Context, id string) (bool, error) {
	if err := tasks.CheckUser(id); err != nil {
		return false, err
	}
	if _, err := s.Schedule.Remove(ctx, BriefingEntryID(id)); err != nil {
		return false, err
	}
	return s.Users.Remove(ctx, id)
}
