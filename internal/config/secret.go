package config

import (
	"github.com/goccy/go-yaml"

	"switchyard/internal/cache"
)

// Secret is a value that never prints itself. Reveal gives it to the one who needs it.
type Secret string

const hidden = "(hidden)"

// String implements [fmt.Stringer].
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return s.String() }

// MarshalYAML implements [yaml.InterfaceMarshaler].
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Print returns the configuration as YAML, secrets hidden.
func (c Config) Print() (string, error) {
	c.Redis.URL = cache.Redact(c.Redis.URL)
	raw, err := yaml.Marshal(c)
	return string(raw), err
}
