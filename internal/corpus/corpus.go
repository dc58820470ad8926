// Package corpus has documents ready to be ranked. Each is read once in a process, whoever ranks it:
// many users are briefed on the same documents at the same time.
package corpus

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"switchyard/internal/documents"
	"switchyard/internal/rank"
)

// maxKept is how many documents are kept as they were read, twice as many as one ranking compares.
// One takes 12 bytes a word, of which at most 5,000 are read.
const maxKept = 2000

// Corpus keeps documents as they were read. It is safe for concurrent use.
type Corpus struct {
	kept *lru.Cache[string, *rank.Analysis] // by ID and hash
}

// New returns a corpus that has read nothing yet.
func New() *Corpus {
	kept, err := lru.New[string, *rank.Analysis](maxKept)
	if err != nil {
		panic(err) // of a size that is not positive
	}
	return &Corpus{kept}
}

// Texts returns documents as texts that can be ranked, in the same order.
func (c *Corpus) Texts(all []documents.Document) []rank.Text {
	texts := make([]rank.Text, len(all))
	for i, d := range all {
		texts[i] = rank.Text{
			ID: d.ID, Title: d.Title, Body: d.Text, Language: d.Language, Source: d.Source, Story: d.Story,
			Published: d.Published, Seen: d.Stored, Analysis: c.analysis(d),
		}
	}
	return texts
}

func (c *Corpus) analysis(d documents.Document) *rank.Analysis {
	key := d.ID + " " + d.Hash
	if kept, ok := c.kept.Get(key); ok {
		return kept
	}
	a := rank.Analyse(d.Title, d.Text, d.Language)
	c.kept.Add(key, a)
	return a
}
