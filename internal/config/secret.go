package config

import (
	"github.com/goccy/go-yaml"

	"switchyard/internal/redact"
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

// Print returns the configuration as YAML, secrets hidden: those that are known by their
// values, and whatever stands in a URL where secrets do.
func (c Config) Print() (string, error) {
	raw, err := yaml.Marshal(c)
	return hideURLs(redact.Process.Text(string(raw))), err
}
