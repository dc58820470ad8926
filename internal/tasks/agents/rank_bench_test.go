package agents

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/test/redistest"
)

// BenchmarkRankForManyUsers ranks 200 documents of 5 KB for one user after the other, as at 08:00.
func BenchmarkRankForManyUsers(b *testing.B) {
	client := redistest.Client(b, redistest.Server(b).Addr)
	store := documents.New(client, "p:", 0, time.Now)
	for i := range 200 {
		text := strings.Repeat(fmt.Sprintf("The queue of topic number%d holds tasks until a worker takes one of them away. ", i%50), 62)
		if _, err := store.Put(b.Context(), documents.Document{URL: fmt.Sprintf("https://example.org/%d", i), Title: fmt.Sprintf("Page %d", i), Text: text, Language: "en"}); err != nil {
			b.Fatal(err)
		}
	}
	r := &Rank{Documents: store, Corpus: corpus.New(), Now: time.Now}
	for i := 0; b.Loop(); i++ {
		args := Args{User: "ada", Topics: []string{"task queues", fmt.Sprintf("topic number%d", i%50)}}
		if _, err := r.Run(b.Context(), Run{Args: args}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "users/s")
}
