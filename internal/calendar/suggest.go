package calendar

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// zoneList names the zones of the Go library's own database, a name a line.
//
//go:embed zones.txt
var zoneList string

var zoneNames = sync.OnceValue(func() []string { return strings.Fields(zoneList) })

// didYouMean proposes a value in an error, if there is one to propose.
func didYouMean(value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", value)
}

// nearestZone returns the zone that a name most likely means: the same in other letters or
// with one or two of them wrong, or the only one of that city. It is "" if none is near.
func nearestZone(name string) string {
	wanted := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "_"))
	best, fewest, cities := "", 3, 0
	city := ""
	for _, zone := range zoneNames() {
		lower := strings.ToLower(zone)
		if n := edits(wanted, lower, fewest); n < fewest {
			best, fewest = zone, n
		}
		if strings.HasSuffix(lower, "/"+wanted) {
			city = zone
			cities++
		}
	}
	if best == "" && cities == 1 {
		return city
	}
	return best
}

// edits returns how many letters have to be added, left out or replaced to make one text
// of another, most if as many or more (the distance of Levenshtein).
func edits(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least >= most {
			return most
		}
	}
	return min(row[len(b)], most)
}
