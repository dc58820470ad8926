package users

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Weekdays are the names of the days, as cron has them in small letters.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// checkDays reports names that are none of a weekday.
func checkDays(what string, days []string) error {
	for _, day := range days {
		if !slices.Contains(Weekdays, day) {
			return fmt.Errorf("%s %.20q is unknown: use %s", what, day, strings.Join(Weekdays, ", "))
		}
	}
	return nil
}

// comesOn reports whether an edition comes on a weekday.
func (u User) comesOn(day string, e Edition) bool {
	return slices.Contains(e.Days, day) || len(e.Days) == 0 && !slices.Contains(u.QuietDays, day)
}

// days returns the weekdays with a briefing, as the last field of a cron line.
func (u User) days() (string, error) {
	if err := errors.Join(checkDays("quiet day", u.QuietDays), u.checkEditions()); err != nil {
		return "", err
	}
	var days []string
	for _, day := range Weekdays {
		if len(u.editionsOn(day)) > 0 {
			days = append(days, strings.ToUpper(day))
		}
	}
	switch len(days) {
	case 0:
		return "", errors.New("all days are quiet: leave one out, or remove the user")
	case len(Weekdays):
		return "*", nil
	}
	return strings.Join(days, ","), nil
}
