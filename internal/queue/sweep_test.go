package queue

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// age makes an entry's tick in the ledger as old.
func (r *rig) age(queue, entry string, old time.Duration) {
	r.Redis.ZIncrBy(r.T.Context(), format.AgesKey(queue), -old.Seconds(), entry)
}

func (r *rig) sweep(settled func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) int {
	r.T.Helper()
	n, err := r.client.SweepTicks(r.T.Context(), settled)
	if err != nil {
		r.T.Fatal(err)
	}
	return n
}

func TestOnlyOldTicksThatAreSettledAreForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		r.tick(tickOf("settled", "agent_a", 0), tickOf("open", "agent_a", 0), tickOf("young", "agent_a", 0), tickOf("moved", "scrape_c", 0))
		for queue, entries := range map[string][]string{"agents": {"settled", "open"}, "scraping": {"moved"}} {
			for _, entry := range entries {
				r.age(queue, entry, ledgerKept+time.Minute)
			}
		}
		asked := 0
		n := r.sweep(func(_ context.Context, ticks []tasks.Tick) (settled []tasks.Tick, _ error) {
			for _, tick := range ticks {
				asked++
				if !tick.At.Equal(firstTick) {
					t.Errorf("asked about %s of %s, want %s", tick.At, tick.Entry, firstTick)
				}
				if tick.Entry == "moved" {
					r.tick(tickOf("moved", "scrape_c", 1)) // while it is swept
				}
				if tick.Entry != "open" {
					settled = append(settled, tick)
				}
			}
			return settled, nil
		})
		if asked != 3 || n != 2 {
			t.Errorf("asked about %d ticks and forgot %d, want 3 and 2", asked, n)
		}
		for _, tick := range []tasks.Tick{tickOf("settled", "agent_a", 0), tickOf("open", "agent_a", 0), tickOf("young", "agent_a", 0)} {
			r.discard("agents", tick.ID)
		}
		r.wantTicks([]bool{true, false, false}, tickOf("settled", "agent_a", 0), tickOf("open", "agent_a", 0), tickOf("young", "agent_a", 0))
		r.wantTicks([]bool{false, true}, tickOf("moved", "scrape_c", 1), tickOf("moved", "scrape_c", 2))
	})
}

func TestALedgerDamagedByHandIsSwept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.tick(tickOf("e", "agent_a", 0))
		r.age("agents", "e", ledgerKept+time.Minute)
		client.HDel(t.Context(), format.LedgerKey("agents"), "e")
		all := func(_ context.Context, ticks []tasks.Tick) ([]tasks.Tick, error) { return ticks, nil }
		if n := r.sweep(all); n != 1 {
			t.Errorf("swept %d, want 1", n)
		}
		if n := r.sweep(all); n != 0 {
			t.Errorf("swept %d, want nothing left", n)
		}
	})
}
