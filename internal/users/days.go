package users

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Weekdays are the names of the days, as cron has them in small letters.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// days returns the weekdays with a briefing, as the last field of a cron line.
func (u User) days() (string, error) {
	for _, day := range u.QuietDays {
		if !slices.Contains(Weekdays, day) {
			return "", fmt.Errorf("quiet day %.20q is unknown: use %s", day, strings.Join(Weekdays, ", "))
		}
	}
	if len(u.QuietDays) == 0 {
		return "*", nil
	}
	var days []string
	for _, day := range Weekdays {
		if !slices.Contains(u.QuietDays, day) {
			days = append(days, strings.ToUpper(day))
		}
	}
	if len(days) == 0 {
		return "", errors.New("all days are quiet: leave one out, or remove the user")
	}
	return strings.Join(days, ","), nil
}
