package article

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02 15:04", time.DateOnly, time.RFC1123Z, time.RFC1123, "20060102",
}

const maxDate = 300 // bytes of what is looked through for a date

// parseDate returns the first time of the 20th or 21st century that is written, no time if there
// is none. A day alone begins at midnight in UTC.
func parseDate(written string) time.Time {
	written = strings.Join(strings.Fields(written[:min(len(written), maxDate)]), " ")
	if !strings.Contains(written, "19") && !strings.Contains(written, "20") { // without a year
		return time.Time{}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, written); err == nil {
			return t
		}
	}
	return dayIn(strings.ToLower(written))
}

// months are the beginnings of the names of months, by which each is known in the languages
// of many pages.
var months = map[string]string{
	"jan": "1", "ene": "1", "gen": "1", "sty": "1", "jän": "1", "feb": "2", "fév": "2", "fev": "2", "lut": "2", "mar": "3", "mär": "3", "maa": "3",
	"mrt": "3", "apr": "4", "avr": "4", "abr": "4", "kwi": "4", "may": "5", "mai": "5", "mag": "5", "mei": "5", "maj": "5", "jun": "6", "giu": "6",
	"cze": "6", "juin": "6", "jul": "7", "lug": "7", "lip": "7", "juil": "7", "aug": "8", "aoû": "8", "ago": "8", "sie": "8", "sep": "9", "set": "9",
	"wrz": "9", "oct": "10", "okt": "10", "ott": "10", "out": "10", "paź": "10", "nov": "11", "lis": "11", "dec": "12", "dez": "12", "déc": "12",
	"dic": "12", "gru": "12",
}

var (
	yearFirst  = regexp.MustCompile(`\b((?:19|20)\d\d)[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})(?:\D|$)`)
	dayFirst   = regexp.MustCompile(`(?:^|[^\d.])(\d{1,2})[./-] ?(\d{1,2})[./-] ?((?:19|20)\d\d)(?:\D|$)`)
	dayWord    = regexp.MustCompile(`(?:^|\D)(\d{1,2})(?:st|nd|rd|th|er|º)?\.?,? (?:de |of )?(\p{L}{3,})\.?,? (?:de |del )?((?:19|20)\d\d)(?:\D|$)`)
	wordDay    = regexp.MustCompile(`(\p{L}{3,})\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)(?:\D|$)`)
	monthSlash = regexp.MustCompile(`(?:^|\D)(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)(?:\D|$)`)
)

// dayIn returns the first day that words in lower case name.
func dayIn(words string) time.Time {
	if m := yearFirst.FindStringSubmatch(words); m != nil {
		return day(m[1], m[2], m[3])
	}
	if m := dayWord.FindStringSubmatch(words); m != nil {
		return day(m[3], month(m[2]), m[1])
	}
	if m := wordDay.FindStringSubmatch(words); m != nil {
		return day(m[3], month(m[1]), m[2])
	}
	if m := dayFirst.FindStringSubmatch(words); m != nil {
		if t := day(m[3], m[2], m[1]); !t.IsZero() {
			return t
		}
	}
	if m := monthSlash.FindStringSubmatch(words); m != nil { // as in the United States
		return day(m[3], m[1], m[2])
	}
	return time.Time{}
}

// month returns the number of a month by its name in lower case.
func month(name string) string {
	runes := []rune(name)
	for _, n := range []int{4, 3} {
		if len(runes) >= n {
			if number, ok := months[string(runes[:n])]; ok {
				return number
			}
		}
	}
	return ""
}

func day(year, month, day string) time.Time {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Month() != time.Month(m) || t.Day() != d {
		return time.Time{}
	}
	return t
}
