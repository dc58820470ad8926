package api

import (
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Duration is a time span as it is written, such as 90s, 10m or 24h.
type Duration time.Duration

// Schema implements [huma.SchemaProvider].
func (Duration) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^[0-9]+(\.[0-9]+)?(ms|s|m|h)([0-9.]+(ms|s|m|h))*$`, Examples: []any{"90s", "10m", "24h"}}
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err != nil || read < 0 {
		return fmt.Errorf("%.40q is no duration: write it as 90s, 10m or 24h", text)
	}
	*d = Duration(read)
	return nil
}

// Shift is a [Duration] that may go backwards: -10m.
type Shift time.Duration

// Schema implements [huma.SchemaProvider].
func (Shift) Schema(r huma.Registry) *huma.Schema {
	s := Duration(0).Schema(r)
	s.Pattern, s.Examples = "^-?"+s.Pattern[1:], []any{"10m", "-10m"}
	return s
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Shift) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%.40q is no duration: write it as 10m or -10m", text)
	}
	*d = Shift(read)
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (d Shift) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
