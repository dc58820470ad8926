// Package documents keeps scraped pages in Redis for a while: each page once, under its
// canonical URL, with the newest first for whoever asks what is new.
//
// A [Document] that is put again with the same words stays as old as it was, also if a counter or a
// few words have changed. With others it is new again. Documents that tell the same in much the same
// words, on whatever sites, have the same Story.
package documents

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"
)

// Document is one scraped page. ID, Hash, Stored and Story are set by [Store.Put].
type Document struct {
	ID        string    `json:"id"`
	URL       string    `json:"url"` // canonical, see [Canonical]
	Title     string    `json:"title"`
	Text      string    `json:"text"`               // plain text, paragraphs separated by an empty line
	Author    string    `json:"author,omitempty"`   // empty if the page does not say
	Published time.Time `json:"published,omitzero"` // zero if the page does not say
	// DateGuessed reports that Published is not what the page says for programs, but what a
	// reader would take from its address or its words.
	DateGuessed bool   `json:"date_guessed,omitempty"`
	Language    string `json:"language,omitempty"` // such as en; empty if unknown
	Source      string `json:"source,omitempty"`   // the name its source was given
	// Data is what the page says in JSON-LD: an array of its objects, as they are. It is
	// bounded and not to be trusted.
	Data   json.RawMessage `json:"data,omitempty"`
	Hash   string          `json:"hash"`   // of title and text, white space aside
	Stored time.Time       `json:"stored"` // when these words were first put
	// Story is the ID of the first document that told the same, in much the same words. It may be
	// this one.
	Story string `json:"story,omitempty"`
}

// ID returns the ID of the document at a canonical URL: 26 lower-case letters and
// digits, the first 128 bits of its SHA-256.
func ID(canonicalURL string) string {
	sum := sha256.Sum256([]byte(canonicalURL))
	return encode(sum[:16])
}

func encode(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// hash returns what two documents with the same words have in common.
func hash(d Document) string {
	h := sha256.New()
	for _, part := range []string{d.Title, d.Text} {
		for word := range strings.FieldsSeq(part) {
			h.Write([]byte(word))
			h.Write([]byte{' '})
		}
		h.Write([]byte{0})
	}
	return encode(h.Sum(nil))
}
