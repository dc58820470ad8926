package config

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

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

// MarshalYAML implements [yaml.Marshaler].
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Print returns the configuration as YAML, secrets hidden: those that are known by their
// values, and whatever stands in a URL where secrets do.
func (c Config) Print() (string, error) {
	var text strings.Builder
	out := yaml.NewEncoder(&text)
	out.SetIndent(2)
	err := errors.Join(out.Encode(c), out.Close())
	return redact.URLs(redact.Process.Text(text.String())), err
}
