package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// waitFor is how long Redis remembers that somebody waits for a task of a queue.
	waitFor = time.Minute
	// lookAgain is how often a task that is waited for is looked at, told or not: what asynqmon or a
	// foreign client does to it tells nobody.
	lookAgain = time.Second
)

// Waiter waits for the ends of tasks on one connection, for any number of callers. It is safe for
// concurrent use once [Waiter.Run] runs.
type Waiter struct {
	client *Client
	ears   *cache.Listener
	every  time.Duration // lookAgain, but in tests

	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool // by queue/ID
}

// NewWaiter returns a waiter for the tasks of a client.
func NewWaiter(c *Client) *Waiter {
	return &Waiter{client: c, ears: cache.NewListener(c.redis, format.EndedChannel), every: lookAgain, waiting: make(map[string]map[chan struct{}]bool)}
}

// Run listens until ctx ends.
func (w *Waiter) Run(ctx context.Context) {
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { w.ears.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case heard := <-w.ears.Heard():
			w.nudge(heard)
		}
	}
}

// nudge has those look who wait for a task, or everybody once messages may have been missed.
func (w *Waiter) nudge(heard cache.Heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, some := range w.waiting {
		if !heard.Began && name != heard.Message {
			continue
		}
		for nudged := range some {
			select {
			case nudged <- struct{}{}:
			default:
			}
		}
	}
}

// Wait returns a task's status once it has ended, or with its cause when ctx ends; the status is
// the latest that was seen. A task of which nothing is kept is gone once it has ended: found is
// false then.
func (w *Waiter) Wait(ctx context.Context, name tasks.Name) (last tasks.Status, found bool, err error) {
	err = w.Follow(ctx, name, func(s tasks.Status, is bool) (enough bool) {
		last, found = s, is
		return !is || s.State.Ended() || s.State == tasks.StateBroken
	})
	return last, found, err
}

// Follow calls seen with a task's status again and again, at once when it has ended, until seen has
// seen enough. The error is the cause of ctx, or Redis's.
func (w *Waiter) Follow(ctx context.Context, name tasks.Name, seen func(s tasks.Status, found bool) (enough bool)) error {
	nudged := w.enter(name.String())
	defer w.leave(name.String(), nudged)
	look := time.NewTicker(w.every)
	defer look.Stop()
	var asked time.Time
	for {
		if time.Since(asked) > waitFor/2 {
			if err := w.ask(ctx, name); err != nil {
				return err
			}
			asked = time.Now()
		}
		s, found, err := w.client.Status(ctx, name.Queue, name.ID)
		if err != nil {
			return err
		}
		if seen(s, found) {
			return nil
		}
		select {
		case <-nudged:
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ask has the lanes tell of the end of a task. A task that is looked at afterwards has not ended
// unheard.
func (w *Waiter) ask(ctx context.Context, name tasks.Name) error {
	key := format.WaitersKey(name.Queue)
	_, err := w.client.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SAdd(ctx, key, name.ID)
		p.Expire(ctx, key, waitFor)
		return nil
	})
	if err != nil && !strings.HasPrefix(err.Error(), "WRONGTYPE") { // then looking has to do
		return fmt.Errorf("wait for task %s: %w", name, err)
	}
	return nil
}

func (w *Waiter) enter(name string) chan struct{} {
	nudged := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[name] == nil {
		w.waiting[name] = make(map[chan struct{}]bool)
	}
	w.waiting[name][nudged] = true
	return nudged
}

func (w *Waiter) leave(name string, nudged chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting[name], nudged)
	if len(w.waiting[name]) == 0 {
		delete(w.waiting, name)
	}
}
