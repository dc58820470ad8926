package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
)

// Watch stops runs as the channels and the brakes say, and gives the receiver what is asked for on
// the channels, until ctx ends.
func (g *Guard) Watch(ctx context.Context, ears *cache.Listener, receiver *Receiver) {
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { ears.Run(ctx) })
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	failing := g.recheck(ctx) != nil
	for {
		var err error
		select {
		case <-ctx.Done():
			receiver.wait()
			return
		case <-tick.C:
			err = errors.Join(g.recheck(ctx), receiver.retry(ctx))
		case heard := <-ears.Heard():
			if heard.Began { // something may have been missed
				err = errors.Join(g.stop(ctx), receiver.begin(ctx))
				break
			}
			m := messageOf(heard)
			if m.told {
				err = g.stop(ctx, m.users()...)
			}
			err = errors.Join(err, receiver.receive(ctx, m))
		}
		if err != nil && !failing && ctx.Err() == nil {
			g.log.Error("brakes cannot be read or put on, trying again", zap.Error(err))
		}
		failing = err != nil
	}
}

// live gives a sign of life, unless the last one was not long ago.
func (g *Guard) live(ctx context.Context) error {
	g.mu.Lock()
	recent := time.Since(g.alive) < aliveFor/3
	g.mu.Unlock()
	if recent {
		return nil
	}
	now := time.Now()
	if err := g.brake.client.Set(ctx, g.brake.aliveKey(g.id), "", aliveFor).Err(); err != nil {
		return fmt.Errorf("give a sign of life: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.alive = now
	return nil
}

// recheck does what is due every second. A process without runs asks Redis for nothing.
func (g *Guard) recheck(ctx context.Context) error {
	g.mu.Lock()
	leaving, busy := g.leaving, len(g.runs) > 0
	g.leaving = nil
	g.mu.Unlock()
	for i, r := range leaving {
		told, cancel := context.WithTimeout(ctx, leaveWithin)
		_, err := r.tell(told)
		cancel()
		if err != nil {
			g.mu.Lock()
			g.leaving = append(g.leaving, leaving[i:]...)
			g.mu.Unlock()
			return err
		}
	}
	if !busy {
		return nil
	}
	if err := g.live(ctx); err != nil {
		return err
	}
	return g.stop(ctx)
}
