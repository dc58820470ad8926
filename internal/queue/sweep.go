package queue

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

var (
	//go:embed oldticks.lua
	oldTicksLua string
	//go:embed forgetticks.lua
	forgetTicksLua string

	oldTicksScript    = redis.NewScript(oldTicksLua)
	forgetTicksScript = redis.NewScript(forgetTicksLua)
)

// ledgerKept is how long a tick stays in the ledger at least.
const ledgerKept = time.Hour

// sweepAtOnce is how many ticks of a queue one sweep looks at.
const sweepAtOnce = 1000

// SweepTicks forgets old ticks of the ledger: of those added more than an hour ago, the
// ones that settled returns because nobody will try to add them again. It returns how
// many it forgot. Each call looks at no more than a thousand ticks of a queue, those
// added first.
func (c *Client) SweepTicks(ctx context.Context, settled func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) (int, error) {
	forgotten := 0
	for _, queue := range c.queues {
		old, err := c.oldTicks(ctx, queue)
		if err != nil {
			return forgotten, fmt.Errorf("sweep ticks of queue %s: %w", queue, err)
		}
		if len(old) == 0 {
			continue
		}
		if old, err = settled(ctx, old); err != nil {
			return forgotten, err
		}
		if err := c.forget(ctx, queue, old); err != nil {
			return forgotten, fmt.Errorf("sweep ticks of queue %s: %w", queue, err)
		}
		forgotten += len(old)
	}
	return forgotten, nil
}

// oldTicks returns ticks of a queue that were added more than [ledgerKept] ago.
func (c *Client) oldTicks(ctx context.Context, queue string) ([]tasks.Tick, error) {
	keys := []string{format.LedgerKey(queue), format.AgesKey(queue)}
	reply, err := oldTicksScript.Run(ctx, c.redis, keys, int64(ledgerKept.Seconds()), sweepAtOnce).StringSlice()
	if err != nil {
		return nil, err
	}
	var old []tasks.Tick
	for ; len(reply) >= 2; reply = reply[2:] {
		seconds, err := strconv.ParseInt(reply[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("tick %q of entry %s: %w", reply[1], reply[0], err)
		}
		old = append(old, tasks.Tick{Entry: reply[0], At: time.Unix(seconds, 0).UTC(), Queue: queue})
	}
	return old, nil
}

// forget removes ticks from a queue's ledger, unless later ones took their place.
func (c *Client) forget(ctx context.Context, queue string, ticks []tasks.Tick) error {
	if len(ticks) == 0 {
		return nil
	}
	args := make([]any, 0, 2*len(ticks))
	for _, tick := range ticks {
		args = append(args, tick.Entry, tick.At.Unix())
	}
	return forgetTicksScript.Run(ctx, c.redis, []string{format.LedgerKey(queue), format.AgesKey(queue)}, args...).Err()
}
