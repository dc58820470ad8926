package main

import (
	"fmt"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// readTime reads the value of a flag that is a time. The first moment of the year 1 would be none.
func readTime(c *kong.DecodeContext, to reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() {
		return fmt.Errorf("%q: give a time, such as 2030-06-01T09:00:00Z", text)
	}
	to.Set(reflect.ValueOf(at))
	return nil
}
