package ticks

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// BenchmarkTicks sends ticks as an engine does, 250 at a time.
func BenchmarkTicks(b *testing.B) {
	client := redistest.Client(b, redistest.Server(b).Addr)
	s := NewSender(Options{Broker: broker.New(client, broker.Names{Separator: ":", Steps: []int{0}}, "switchyard:"), Backend: client, Kinds: kinds, Prefix: "switchyard:", Log: zap.NewNop()})
	defer s.Close()
	ticks := make([]tasks.Tick, 250)
	sent := 0
	for b.Loop() {
		sent++
		for i := range ticks {
			ticks[i] = tickOf(fmt.Sprint("entry-", i), "cleanup", sent)
		}
		if added := s.EnqueueTicks(b.Context(), ticks, time.Now().Add(time.Hour)); added[0].Err != nil {
			b.Fatal(added[0].Err)
		}
	}
	b.ReportMetric(float64(sent*len(ticks))/b.Elapsed().Seconds(), "ticks/s")
}
