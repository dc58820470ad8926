package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/users"
	"switchyard/test/redistest"
)

// BenchmarkBriefingsAtOnce has users want their briefing of 200 documents at the same moment, of one
// worker with four slots for agents and four for briefings. The few are the baseline of the many.
func BenchmarkBriefingsAtOnce(b *testing.B) {
	for _, n := range []int{50, 1000} {
		b.Run(fmt.Sprint(n, " users"), func(b *testing.B) {
			for b.Loop() {
				benchmarkBriefings(b, n)
			}
		})
	}
}

func benchmarkBriefings(b *testing.B, n int) {
	c := config.Default()
	c.Redis.URL, c.Briefings.Items = "redis://"+redistest.Server(b).Addr, 12
	s, err := Open(c, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i := range 200 {
		text := strings.Repeat(fmt.Sprintf("The queue of topic number%d holds tasks until a worker takes one of them away. ", i%50), 62)
		if _, err := s.Documents.Put(b.Context(), documents.Document{URL: fmt.Sprintf("https://example.org/%d", i), Title: fmt.Sprintf("Page %d", i), Text: text, Language: "en"}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		topics := []string{"task queues", fmt.Sprintf("topic number%d", i%50)}
		if _, err := s.Users.Change(b.Context(), fmt.Sprint("u", i), users.Changes{Topics: topics}.Apply); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Queue.Enqueue(b.Context(), briefings.GenerateArgs{User: fmt.Sprint("u", i)}, tasks.Options{ID: fmt.Sprint("b", i)}); err != nil {
			b.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	worked := make(chan error, 1)
	began := time.Now()
	go func() { worked <- newWorker(b, s).Run(daemon.Stop{Quiet: ctx, Drain: ctx}) }()
	for i := range n {
		awaitDelivery(b, s, fmt.Sprint("b", i))
	}
	b.ReportMetric(time.Since(began).Seconds(), "s-until-the-last")
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "briefings/s")
	cancel()
	if err := <-worked; err != nil {
		b.Error(err)
	}
}

func awaitDelivery(b *testing.B, s *System, id string) {
	for ; ; time.Sleep(10 * time.Millisecond) {
		ledger, err := s.Briefings.Ledger(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		if len(ledger) == 1 && ledger[0].State == briefings.Delivered {
			return
		}
	}
}
