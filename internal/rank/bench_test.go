package rank

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkSelect ranks 1,000 texts of 700 words for a reader of ten topics, and reads them anew or
// uses what was kept of them.
func BenchmarkSelect(b *testing.B) {
	var topics []string
	for i := range 10 {
		topics = append(topics, fmt.Sprintf("word%d things", i))
	}
	all := make([]Text, 1000)
	for i := range all {
		all[i] = Text{ID: fmt.Sprint(i), Title: fmt.Sprintf("Of word%d", i), Language: "en", Published: morning,
			Body: strings.Repeat(fmt.Sprintf("Things happened to word%d, and people wondered why they did. ", i%50), 70)}
	}
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			Select(reader(topics...), all)
		}
	})
	for i, t := range all {
		all[i].Analysis = Analyse(t.Title, t.Body, t.Language)
	}
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			Select(reader(topics...), all)
		}
	})
}
