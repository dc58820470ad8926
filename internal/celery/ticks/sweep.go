package ticks

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

var (
	//go:embed old.lua
	oldLua string
	//go:embed forget.lua
	forgetLua string

	oldScript    = redis.NewScript(oldLua)
	forgetScript = redis.NewScript(forgetLua)
)

const (
	// ledgerKept is how long a tick stays in the ledger at least.
	ledgerKept = time.Hour
	// sweepAtOnce is how many ticks one sweep looks at.
	sweepAtOnce = 1000
)

// SweepTicks forgets old ticks of the ledger: of those sent more than an hour ago, the ones that settled
// returns because nobody will try to send them again. It returns how many it forgot, of a thousand that
// were sent first.
func (s *Sender) SweepTicks(ctx context.Context, settled func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) (int, error) {
	old, err := s.old(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep ticks that were sent to Celery: %w", err)
	}
	if len(old) == 0 {
		return 0, nil
	}
	if old, err = settled(ctx, old); err != nil {
		return 0, err
	}
	ticks := make(map[string]string, len(old))
	for _, tick := range old {
		ticks[tick.Entry] = strconv.FormatInt(tick.At.Unix(), 10)
	}
	if len(ticks) == 0 {
		return 0, nil
	}
	err = s.run(ctx, forgetScript, map[string]any{"ledger": s.ledger, "ages": s.ages, "ticks": ticks}).Err()
	if err != nil {
		return 0, fmt.Errorf("sweep ticks that were sent to Celery: %w", err)
	}
	return len(ticks), nil
}

// old returns ticks that were sent more than [ledgerKept] ago.
func (s *Sender) old(ctx context.Context) ([]tasks.Tick, error) {
	reply, err := s.run(ctx, oldScript, map[string]any{
		"ledger": s.ledger, "ages": s.ages, "age": ledgerKept.Seconds(), "most": sweepAtOnce,
	}).StringSlice()
	if err != nil {
		return nil, err
	}
	var old []tasks.Tick
	for ; len(reply) >= 2; reply = reply[2:] {
		seconds, _ := strconv.ParseInt(reply[1], 10, 64) // what is no number is a tick long past
		old = append(old, tasks.Tick{Entry: reply[0], At: time.Unix(seconds, 0).UTC()})
	}
	return old, nil
}

func (s *Sender) run(ctx context.Context, script *redis.Script, ask map[string]any) *redis.Cmd {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	asked, _ := json.Marshal(ask) // texts and numbers always have a text
	return script.Run(ctx, s.Broker.Redis, nil, asked)
}
