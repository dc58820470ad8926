package lane

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// faulty is an answer of Redis that the same script would only bring again.
type faulty struct{}

func (faulty) Error() string { return "ERR user_script:1: bad argument" }
func (faulty) RedisError()   {}

func TestAnEndingThatCannotBeWrittenHoldsUpNoOtherAndNoSlot(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for _, id := range []string{"good", "bad"} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id})
		}
		lane := r.lane(Options{Queue: "agents", Concurrency: 2})
		x, s := lane.exchange, lane.sources[0]
		board := func() *trip {
			x.mu.Lock()
			defer x.mu.Unlock()
			return x.board(s)
		}
		taking := board()
		reply, err := lane.step(taking)
		if err != nil || len(reply.taken) != 2 {
			t.Fatal(reply, err)
		}
		x.account(taking, reply)
		for _, a := range reply.taken {
			lane.leases.add(a)
			lane.perform(a)
		}
		both := board()
		if len(both.ends) != 2 {
			t.Fatalf("%d endings go together, want 2", len(both.ends))
		}
		x.missed(both, faulty{})
		for alone := range 2 {
			trip := board()
			if len(trip.ends) != 1 {
				t.Fatalf("%d endings go after a fault, want each alone", len(trip.ends))
			}
			x.missed(trip, faulty{})
			if free := x.slots(); free != alone+1 {
				t.Errorf("%d slots are free after %d endings were given up", free, alone+1)
			}
		}
		if n := r.Logs.FilterMessageSnippet("the attempt's end cannot be written").FilterLevelExact(zap.ErrorLevel).Len(); n != 2 {
			t.Errorf("said %d times, want twice", n)
		}
		if n := r.Logs.FilterMessage("redis cannot do what it is asked").Len(); n != 1 {
			t.Errorf("the fault was said %d times, want once", n)
		}
		if len(lane.leases.held) != 0 {
			t.Error("a lease is kept")
		}
	})
}
