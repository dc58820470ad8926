package command

import (
	"errors"
	"fmt"
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
		kong.TypeMapper(reflect.TypeFor[time.Duration](), value("a duration such as 90s, 10m or 2h", time.ParseDuration)),
		kong.TypeMapper(reflect.TypeFor[time.Time](), value("a time such as 2030-06-01T09:00:00Z", readTime)),
		kong.TypeMapper(reflect.TypeFor[int](), value("a whole number", strconv.Atoi)),
		kong.TypeMapper(reflect.TypeFor[int64](), value("a whole number", func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })),
	}
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
