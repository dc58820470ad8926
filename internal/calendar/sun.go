package calendar

import (
	"math"
	"time"
)

// sun is where the sun is at a moment, in degrees: Greenwich's hour angle of it, and its
// declination. The figures are those of Jean Meeus, Astronomical Algorithms, 2nd edition,
// chapter 25 (low accuracy) and chapter 12; they are good to about a hundredth of a degree
// for centuries around 2000, which the sun passes in a few seconds.
func sun(at time.Time) (hourAngle, declination float64) {
	days := (float64(at.Unix()-secondsTo2000) + float64(at.Nanosecond())/1e9) / secondsPerDay
	t := days / 36525 // Julian centuries
	mean := 280.46646 + t*(36000.76983+t*0.0003032)
	anomaly := 357.52911 + t*(35999.05029-t*0.0001537)
	center := (1.914602-t*(0.004817+t*0.000014))*sin(anomaly) + (0.019993-t*0.000101)*sin(2*anomaly) + 0.000289*sin(3*anomaly)
	node := 125.04 - 1934.136*t
	longitude := mean + center - 0.00569 - 0.00478*sin(node)
	obliquity := 23.439291 - 0.0130042*t + 0.00256*cos(node)
	ascension := degrees(math.Atan2(cos(obliquity)*sin(longitude), cos(longitude)))
	sidereal := 280.46061837 + degreesPerDay*days + 0.000387933*t*t
	return sidereal - ascension, degrees(math.Asin(sin(obliquity) * sin(longitude)))
}

const (
	secondsTo2000 = 946728000       // from 1970 to 2000-01-01T12:00:00Z, the epoch J2000.0
	degreesPerDay = 360.98564736629 // by which the Earth turns under the stars in a day
)

func degrees(radians float64) float64 { return radians * 180 / math.Pi }
func sin(degrees float64) float64     { return math.Sin(degrees * math.Pi / 180) }
func cos(degrees float64) float64     { return math.Cos(degrees * math.Pi / 180) }

// place is a latitude and a longitude in degrees, north and east positive.
type place struct{ latitude, longitude float64 }

// An estimate is made better until it moves by no more than closeEnough, or approaches times:
// near the polar circles it may never settle.
const (
	closeEnough = time.Second / 10
	approaches  = 10
)

// noon returns when the sun is highest in the solar day whose mean noon is on a date.
func (p place) noon(midnight time.Time) time.Time {
	at := midnight.Add(12*time.Hour - turn(p.longitude))
	for range approaches {
		off := turn(p.hourAngle(at))
		at = at.Add(-off)
		if off.Abs() < closeEnough {
			break
		}
	}
	return at
}

// hourAngle returns how far the sun has turned past noon, from -180 to 180 degrees.
func (p place) hourAngle(at time.Time) float64 {
	angle, _ := sun(at)
	return math.Remainder(angle+p.longitude, 360)
}

// turn returns how long the sun takes to turn by some degrees.
func turn(degrees float64) time.Duration {
	return time.Duration(degrees / 360 * float64(secondsPerDay*time.Second))
}

// passes returns when the sun passes an elevation before noon or after it, and whether it
// does so in that half of the day.
func (p place) passes(noon time.Time, elevation float64, before bool) (at time.Time, passed bool) {
	at = noon
	for range approaches {
		estimate := at
		_, declination := sun(at)
		cosine := (sin(elevation) - sin(p.latitude)*sin(declination)) / (cos(p.latitude) * cos(declination))
		passed = -1 <= cosine && cosine <= 1 // or else it never is so high, or so low
		angle := degrees(math.Acos(max(-1, min(1, cosine))))
		if before {
			angle = -angle
		}
		at = noon.Add(turn(angle))
		// The sun lags behind or hurries ahead of the clock by some seconds a day.
		at = at.Add(turn(math.Remainder(angle-p.hourAngle(at), 360)))
		if at.Sub(estimate).Abs() < closeEnough {
			break
		}
	}
	return at, passed
}
