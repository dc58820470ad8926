package tasks

import (
	"fmt"
	"strings"
)

// CheckPattern reports why a pattern, a kind or the beginning of kinds with * behind it, matches no
// kind. The error names it and what would be right.
func CheckPattern(pattern string) error {
	prefix, wild := strings.CutSuffix(pattern, "*")
	if wild && prefix == "" {
		return nil
	}
	if err := CheckKind(prefix); err != nil {
		return fmt.Errorf("pattern %.120q can never match: %w; one * may end it", pattern, err)
	}
	return nil
}

// Covers reports whether pattern takes name, a kind or another pattern, entirely.
func Covers(pattern, name string) bool {
	if prefix, wild := strings.CutSuffix(pattern, "*"); wild {
		return strings.HasPrefix(strings.TrimSuffix(name, "*"), prefix)
	}
	return pattern == name
}
