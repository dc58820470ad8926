package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	textsType    = reflect.TypeFor[[]string]()
)

// setScalar sets a setting to what a text says, and reports whether it can be that.
func setScalar(to reflect.Value, text string) bool {
	var err error
	switch {
	case to.Type() == timeType:
		var at time.Time
		if at, err = parseTime(text); err == nil {
			to.Set(reflect.ValueOf(at))
		}
	case to.Type() == durationType:
		// A number without a unit would be nanoseconds, which nobody means.
		var d time.Duration
		d, err = time.ParseDuration(text)
		to.SetInt(int64(d))
	case to.Type() == textsType: // of a variable: a file has a list
		to.Set(reflect.ValueOf(strings.Split(text, ",")))
	case to.CanInt():
		var n int64
		n, err = strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, to.Type().Bits())
		to.SetInt(n)
	case to.CanUint():
		var n uint64
		n, err = strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, to.Type().Bits())
		to.SetUint(n)
	case to.CanFloat():
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		to.SetFloat(f)
		return err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case to.Kind() == reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		to.SetBool(b)
	default:
		to.SetString(text)
		return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
	}
	return err == nil
}

// parseTime reads a moment, or a day's first one in UTC.
func parseTime(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}

// wantedOf says what a setting of a type is to be.
func wantedOf(t reflect.Type) string {
	switch {
	case t == timeType:
		return "a time, such as 2030-06-01T09:00:00Z"
	case t == durationType:
		return "a duration with its unit, such as 30s"
	case t.Kind() == reflect.Uint16:
		return "a whole number of 0 to 65535"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "a whole number, such as 20"
	case t.Kind() == reflect.Float64:
		return "a number, such as 0.5"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "text, in UTF-8 and without a NUL"
}

// sayable returns a value as an error may say it, behind a space. A text may be a secret.
func sayable(to reflect.Value, text string) string {
	if to.Kind() == reflect.String {
		return ""
	}
	return fmt.Sprintf(" %.40q", text)
}
