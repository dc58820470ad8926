package redbeat

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"switchyard/internal/schedule"
)

const (
	maxID      = 128 // of an entry, in bytes
	hashDigits = 10  // of a name that is not an ID
)

// refused are the characters that an entry's ID may not have.
var refused = regexp.MustCompile(`[^a-zA-Z0-9_.:+-]+`)

// entryID returns the ID of the entry of a name: the name itself if it can be one, or else
// what is left of it and a hash of all of it, so that each name has an ID of its own, and
// the same one whenever it is read.
func entryID(name string) string {
	if schedule.CheckID(name) == nil {
		return name
	}
	hash := sha256.Sum256([]byte(name))
	slug := strings.TrimLeft(refused.ReplaceAllString(name, "-"), "_.:+-")
	slug = strings.TrimRight(slug[:min(len(slug), maxID-1-hashDigits)], "-")
	if slug == "" {
		slug = "entry"
	}
	return slug + "-" + hex.EncodeToString(hash[:])[:hashDigits]
}

// Quote returns a name as it is, or quoted if a terminal or a reader could take it for
// something else. A long one is cut.
func Quote(name string) string {
	plain := name != ""
	for _, r := range name {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '"' {
			plain = false
		}
	}
	const most = 60
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	if plain {
		return name
	}
	return strconv.Quote(name)
}
