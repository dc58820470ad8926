package calendar

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/nathan-osman/go-sunrise"
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

// horizon is where the sun's centre is when its upper edge touches the horizon, as the
// air bends its light. The twilights end at 6, 12 and 18 degrees.
const horizon = -50.0 / 60

var solarEvents = map[string]solarEvent{
	"@dawn_astronomical": {-18, morning},
	"@dawn_nautical":     {-12, morning},
	"@dawn_civil":        {-6, morning},
	"@sunrise":           {horizon, morning},
	"@solar_noon":        {0, noon},
	"@sunset":            {horizon, evening},
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
	event               solarEvent
	latitude, longitude float64
}

func isSolar(form string) bool {
	_, ok := solarEvents[form]
	return ok
}

func parseSolar(form string, place []string) (Spec, error) {
	if len(place) != 2 {
		return nil, fmt.Errorf("%q does not name one place: give a latitude and a longitude in degrees, as in %s 52.52 13.405", strings.Join(place, " "), form)
	}
	latitude, err := parseDegrees("latitude", place[0], 90)
	if err != nil {
		return nil, err
	}
	longitude, err := parseDegrees("longitude", place[1], 180)
	if err != nil {
		return nil, err
	}
	s := solar{solarEvents[form], latitude, longitude}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return nil, fmt.Errorf("%s never happens at latitude %s: choose a place farther from the pole, or another event", form, place[0])
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

// Next implements [Spec]. There is one solar day to a UTC date, but its events may be on
// the date before or after: at 180° east noon is at midnight.
func (s solar) Next(after time.Time) time.Time {
	year, month, day := after.UTC().Date()
	for i := range maxSolarDays {
		date := time.Date(year, month, day-1+i, 0, 0, 0, 0, time.UTC)
		if at := s.on(date.Date()); at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// on returns when the event happens in the solar day of a date, the zero time if it does
// not.
func (s solar) on(year int, month time.Month, day int) time.Time {
	if s.event.part == noon {
		mean := sunrise.MeanSolarNoon(s.longitude, year, month, day)
		anomaly := sunrise.SolarMeanAnomaly(mean)
		ecliptic := sunrise.EclipticLongitude(anomaly, sunrise.EquationOfCenter(anomaly), mean)
		return sunrise.JulianDayToTime(sunrise.SolarTransit(mean, anomaly, ecliptic))
	}
	first, last := sunrise.TimeOfElevation(s.latitude, s.longitude, s.event.elevation, year, month, day)
	if s.event.part == morning {
		return first
	}
	return last
}
