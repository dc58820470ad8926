package calendar

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// solarEvent is a moment of each solar day: the sun's centre passes an elevation, in
// degrees, in the morning or in the evening, or it is at its highest.
type solarEvent struct {
	elevation float64
	part      solarPart
}

type solarPart int

const (
	morning solarPart = iota
	noon
	evening
)

// touching is where the sun's centre is when its upper edge touches the horizon, as the
// air bends its light. The twilights end at 6, 12 and 18 degrees.
const touching = -50.0 / 60

var solarEvents = map[string]solarEvent{
	"@dawn_astronomical": {-18, morning},
	"@dawn_nautical":     {-12, morning},
	"@dawn_civil":        {-6, morning},
	"@sunrise":           {touching, morning},
	"@solar_noon":        {0, noon},
	"@sunset":            {touching, evening},
	"@dusk_civil":        {-6, evening},
	"@dusk_nautical":     {-12, evening},
	"@dusk_astronomical": {-18, evening},
}

// maxSolarDays is how far the next event may be. Near the poles one comes on a few days a
// year, and near the polar circles perhaps in leap years only.
const maxSolarDays = 4*366 + 1

// solar is due at an event at a place, in degrees, north and east positive. It is not a
// matter of clocks, so that it needs no zone.
type solar struct {
	event solarEvent
	place
}

func isSolar(form string) bool {
	_, ok := solarEvents[form]
	return ok
}

func parseSolar(b *Budget, form string, where []string) (Spec, error) {
	if len(where) != 2 {
		return nil, fmt.Errorf("%q does not name one place: give a latitude and a longitude in degrees, as in %s 52.52 13.405", strings.Join(where, " "), form)
	}
	latitude, err := parseDegrees("latitude", where[0], 90)
	if err != nil {
		return nil, err
	}
	longitude, err := parseDegrees("longitude", where[1], 180)
	if err != nil {
		return nil, err
	}
	s := solar{solarEvents[form], place{latitude, longitude}}
	first, err := s.Next(b, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	if first.IsZero() {
		return nil, fmt.Errorf("%s never happens at latitude %s: choose a place farther from the pole, or another event", form, where[0])
	}
	return s, nil
}

func parseDegrees(name, text string, most float64) (float64, error) {
	degrees, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(degrees) || math.Abs(degrees) > most {
		return 0, fmt.Errorf("%s %q is not valid: give decimal degrees from %v to %v", name, text, -most, most)
	}
	return degrees, nil
}

// solarSteps is what a day of the sun costs: it takes some trigonometry.
const solarSteps = 50

// Next implements [Spec]. There is one solar day to a UTC date, but its events may be on
// the date before or after: at 180° east noon is at midnight.
func (s solar) Next(b *Budget, after time.Time) (time.Time, error) {
	year, month, date := after.UTC().Date()
	for i := range maxSolarDays {
		if err := b.spend(solarSteps); err != nil {
			return time.Time{}, err
		}
		midnight := time.Date(year, month, date-1+i, 0, 0, 0, 0, time.UTC)
		if at := s.on(midnight); at.After(after) {
			return within(at), nil
		}
	}
	return time.Time{}, nil
}

// on returns when the event happens in the solar day whose mean noon is on the date that
// begins at midnight, to the second. It returns the zero time if it does not.
func (s solar) on(midnight time.Time) time.Time {
	at := s.noon(midnight)
	if s.event.part != noon {
		passed := false
		if at, passed = s.passes(at, s.event.elevation, s.event.part == morning); !passed {
			return time.Time{}
		}
	}
	return at.Round(time.Second)
}
