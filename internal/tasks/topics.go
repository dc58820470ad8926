package tasks

import (
	"strings"
)

// Limits of what one user wants to read about.
const (
	maxTopics = 50
	maxTopic  = 200 // bytes
)

// CheckTopics reports why topics cannot be what a user wants to read about. A user's
// preferences and an agent's arguments keep the same limits, because the one becomes the
// other.
func CheckTopics(topics []string) error {
	if len(topics) > maxTopics {
		return Field("topics", `field "topics" has %d entries: give at most %d`, len(topics), maxTopics)
	}
	for _, t := range topics {
		if strings.TrimSpace(t) == "" || len(t) > maxTopic {
			return Field("topics", `field "topics": topic %.40q: give 1 to %d bytes each`, t, maxTopic)
		}
	}
	return nil
}

// maxLanguages bounds how many languages one user reads.
const maxLanguages = 20

// CheckLanguages reports why these cannot be the languages that a user reads.
func CheckLanguages(languages []string) error {
	if len(languages) > maxLanguages {
		return Field("languages", `field "languages" has %d entries: give at most %d`, len(languages), maxLanguages)
	}
	for _, l := range languages {
		if len(l) != 2 || strings.ContainsFunc(l, func(r rune) bool { return r < 'a' || r > 'z' }) {
			return Field("languages", `field "languages": %.20q: give codes of two letters, such as en or de`, l)
		}
	}
	return nil
}
