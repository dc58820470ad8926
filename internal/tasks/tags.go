package tasks

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what a producer may write on a task beside its payload.
const (
	MaxTags     = 10
	maxTag      = 100 // bytes
	maxMeta     = 20  // entries
	maxMetaName = 64  // bytes
	maxMetaText = 500 // bytes, each value
)

// CheckTags reports why tags cannot be those of a task.
func CheckTags(tags []string) error {
	if len(tags) > MaxTags {
		return Field("tags", "field \"tags\" has %d tags: give at most %d", len(tags), MaxTags)
	}
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		if err := CheckTag(tag); err != nil {
			return Field("tags", "%s", err.Error())
		}
		if seen[tag] {
			return Field("tags", "tag %.100q is there twice: give it once", tag)
		}
		seen[tag] = true
	}
	return nil
}

// CheckTag reports why text cannot be a tag: it may have any characters that can be seen, but no
// comma, as commas stand between tags.
func CheckTag(text string) error {
	switch {
	case text == "":
		return fmt.Errorf("a tag is empty: give it 1 to %d bytes, or leave it out", maxTag)
	case len(text) > maxTag:
		return fmt.Errorf("tag %.40q… has %d bytes: at most %d are allowed", text, len(text), maxTag)
	case !utf8.ValidString(text):
		return fmt.Errorf("tag %.100q is not UTF-8", text)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r == ',' || !unicode.IsGraphic(r) || unicode.IsSpace(r) }); i >= 0 {
		return fmt.Errorf("tag %.100q has a space, a comma or a character that cannot be seen: write it without", text)
	}
	return nil
}

// CheckMeta reports why meta cannot be what a producer notes with a task.
func CheckMeta(meta map[string]string) error {
	if len(meta) > maxMeta {
		return Field("meta", "field \"meta\" has %d entries: give at most %d", len(meta), maxMeta)
	}
	for name, text := range meta {
		switch {
		case name == "" || len(name) > maxMetaName:
			return Field("meta", "meta %.40q: give its name 1 to %d bytes", name, maxMetaName)
		case len(text) > maxMetaText:
			return Field("meta", "meta %.64q has %d bytes: at most %d are allowed", name, len(text), maxMetaText)
		case !utf8.ValidString(name) || !utf8.ValidString(text):
			return Field("meta", "meta %.64q is not UTF-8", name)
		}
	}
	return nil
}
