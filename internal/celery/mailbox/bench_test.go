package mailbox

import (
	"strconv"
	"testing"

	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/test/redistest"
)

// BenchmarkTellingOfATask is what an attempt pays: three events, while nobody wants them and while
// somebody does.
func BenchmarkTellingOfATask(b *testing.B) {
	for _, wanted := range []bool{false, true} {
		b.Run("wanted="+strconv.FormatBool(wanted), func(b *testing.B) {
			e := NewEvents(broker.New(redistest.Client(b, redistest.Mini(b).Addr()), broker.Names{}, ""), EventOptions{Name: name, Tasks: wanted}, zap.NewNop())
			b.ReportAllocs()
			for b.Loop() {
				e.Received(Received{ID: "a", Name: "scrape_page", Args: "('u',)", Kwargs: "{}", Root: "a"})
				e.Started("a", "scrape_page")
				e.Succeeded("a", "3", 0)
				e.waiting = e.waiting[:0]
			}
		})
	}
}
