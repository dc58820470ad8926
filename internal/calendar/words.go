package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxWords bounds what [Describe] returns, in bytes.
const maxWords = 500

// Describe says in one English sentence when a spec is due, such as "At 08:00 on Monday to Friday,
// Europe/Berlin time". The zone is told where a clock matters and it is not UTC. What cannot be said
// exactly in few words is the spec itself in quotes, as is what [Parse] does not read. It asks for no
// ticks, so it is cheap. It is safe for concurrent use.
func Describe(spec string, o Options) string {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	words, ok := describe(strings.TrimSpace(spec), o)
	if !ok || len(words) > maxWords {
		return inQuotes(spec)
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// inQuotes returns a spec in quotes, cut off where it is long.
func inQuotes(spec string) string {
	const most = 300
	quoted := strconv.Quote(strings.Join(strings.Fields(spec), " "))
	if len(quoted) <= most {
		return quoted
	}
	cut := strings.ToValidUTF8(quoted[:most], "")
	return strings.TrimRight(cut, `\`) + `…"`
}

func describe(text string, o Options) (words string, ok bool) {
	limit := maxSpec
	if isRule(text) {
		limit = maxRuleSpec
	}
	if len(text) > limit || CheckDialect(o.Cron) != nil || !utf8.ValidString(text) {
		return "", false
	}
	form, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case isRule(text):
		return ruleWords(text, o.Zone)
	case form == "at":
		at, err := readMoment(rest)
		return "once, at " + momentWords(at.UTC()) + " UTC", err == nil
	case form == "@every":
		return everyWords(rest)
	case isSolar(form):
		return solarWords(form, strings.Fields(rest))
	case strings.HasPrefix(form, "@"):
		text, o.Cron = shorthands[text], Crontab
	}
	c, err := readCron(strings.Fields(text), o.Cron)
	if err != nil {
		return "", false
	}
	words, ok = c.words()
	return words + zoneWords(o.Zone), ok
}

// zoneWords says by which clock times are meant.
func zoneWords(zone *time.Location) string {
	if zone == time.UTC || zone.String() == "UTC" {
		return ""
	}
	return ", " + zone.String() + " time"
}

// everyWords says an interval.
func everyWords(text string) (string, bool) {
	spec, err := parseEvery(text)
	if err != nil {
		return "", false
	}
	words := "every " + spanWords(spec.(every).seconds)
	if _, from, phased := strings.Cut(text, " from "); phased {
		at, _ := readMoment(strings.TrimSpace(from)) // which was read before
		words += ", counted from " + momentWords(at.UTC()) + " UTC"
	}
	return words, true
}

// spanWords says a number of seconds: one unit alone is not counted.
func spanWords(seconds int64) string {
	var parts []string
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{3600, "hour"}, {60, "minute"}, {1, "second"}} {
		if n := seconds / unit.seconds; n > 0 {
			parts = append(parts, counted(int(n), unit.name))
		}
		seconds %= unit.seconds
	}
	if len(parts) == 1 {
		return strings.TrimPrefix(parts[0], "1 ")
	}
	return listWords(parts)
}

// counted says how many there are of something.
func counted(n int, name string) string {
	if n == 1 {
		return "1 " + name
	}
	return fmt.Sprintf("%d %ss", n, name)
}

// momentWords says a moment by the clock that it is given in.
func momentWords(at time.Time) string {
	return at.Format("2006-01-02") + " " + timeWords(at.Hour()*3600+at.Minute()*60+at.Second())
}

// timeWords says a time of day, in seconds from midnight.
func timeWords(second int) string {
	if second%60 == 0 {
		return fmt.Sprintf("%02d:%02d", second/3600, second/60%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", second/3600, second/60%60, second%60)
}

// listWords joins words as in a, b and c.
func listWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// solarWords says an event of the sun.
func solarWords(form string, where []string) (string, bool) {
	if len(where) != 2 {
		return "", false
	}
	latitude, err := parseDegrees("latitude", where[0], 90)
	if err != nil {
		return "", false
	}
	longitude, err := parseDegrees("longitude", where[1], 180)
	if err != nil {
		return "", false
	}
	event := strings.TrimPrefix(form, "@")
	if part, light, twilight := strings.Cut(event, "_"); twilight && part != "solar" {
		event = light + " " + part
	}
	return fmt.Sprintf("at %s at %s, %s", strings.ReplaceAll(event, "_", " "), degreeWords(latitude, "north", "south"), degreeWords(longitude, "east", "west")), true
}

func degreeWords(degrees float64, positive, negative string) string {
	if degrees < 0 {
		degrees, positive = -degrees, negative
	}
	return strconv.FormatFloat(degrees, 'g', -1, 64) + "° " + positive
}
