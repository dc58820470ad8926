package command

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// values read the values of flags and arguments, so that what is wrong with one is said in
// words of people who do not know in what this is written.
func values() []kong.Option {
	return []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](), value("a duration such as 90s, 10m, 2h or 7d", readDuration)),
		kong.TypeMapper(reflect.TypeFor[time.Time](), value("a time such as 2030-06-01T09:00:00Z", readTime)),
		kong.TypeMapper(reflect.TypeFor[int](), value("a whole number", strconv.Atoi)),
		kong.TypeMapper(reflect.TypeFor[int64](), value("a whole number", func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })),
	}
}

// readDuration reads a duration. A number with a d is days, which Go leaves out because of the
// changes of clocks: here a day is 24 hours.
func readDuration(text string) (time.Duration, error) {
	const most = math.MaxInt64 / int64(24*time.Hour)
	number, isDays := strings.CutSuffix(text, "d")
	if !isDays {
		return time.ParseDuration(text)
	}
	days, err := strconv.ParseInt(number, 10, 64)
	if err == nil && (days > most || days < -most) {
		err = strconv.ErrRange
	}
	return time.Duration(days) * 24 * time.Hour, err
}

// readTime reads a moment. The first of the year 1 stands for none.
func readTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && at.IsZero() {
		err = errors.New("stands for no time")
	}
	return at, err
}

// value reads values of one type.
func value[T any](like string, parse func(string) (T, error)) kong.Mapper {
	return kong.MapperFunc(func(c *kong.DecodeContext, target reflect.Value) error {
		token, err := c.Scan.PopValue(c.Value.Name)
		if err != nil {
			return err
		}
		text := fmt.Sprint(token.Value)
		v, err := parse(text)
		if err != nil {
			return fmt.Errorf("%q is not %s", text, like)
		}
		target.Set(reflect.ValueOf(v))
		return nil
	})
}

// inWords says what the parser has found wrong.
func inWords(err error) string {
	text := err.Error()
	if before, _, missing := strings.Cut(text, ": expected "); missing && strings.Contains(text, `"EOL"`) {
		return before + ": needs a value"
	}
	return text
}
