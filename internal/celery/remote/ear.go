package remote

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

const (
	// wakeEvery is how often a task is tried to be run whose attempt is only just ending, and wakeTries
	// for how long. Later it is run by whoever looks at the calls.
	wakeEvery = 20 * time.Millisecond
	wakeTries = 100
	// wakers is how many tasks are run, or told progress of, at once.
	wakers = 16
	// heardFor is how long a result is listened for that has no time.
	heardFor = 24 * time.Hour
)

// awaited is a call that this process listens for.
type awaited struct {
	call  call
	name  tasks.Name
	until time.Time
}

// ear hears of results as they are written. What it misses is found by whoever looks at the calls.
type ear struct {
	remote *Remote
	pubsub *redis.PubSub

	mu      sync.Mutex
	awaited map[string]awaited // by their channels
}

func newEar(r *Remote) *ear {
	return &ear{remote: r, pubsub: r.Backend.Subscribe(context.Background()), awaited: map[string]awaited{}}
}

// listen has the result of a call heard of. Nothing depends on it.
func (e *ear) listen(ctx context.Context, c call, name tasks.Name) {
	channel := wire.MetaKey(e.remote.ResultPrefix, c.ID)
	until := c.due()
	if until.IsZero() {
		until = time.Now().Add(heardFor)
	}
	e.mu.Lock()
	_, there := e.awaited[channel]
	e.awaited[channel] = awaited{c, name, until}
	e.mu.Unlock()
	if there {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	_ = e.pubsub.Subscribe(ctx, channel) // it is subscribed to again with the next connection
}

// forget does not listen to channels any more.
func (e *ear) forget(ctx context.Context, channels ...string) {
	if len(channels) == 0 {
		return
	}
	e.mu.Lock()
	for _, channel := range channels {
		delete(e.awaited, channel)
	}
	e.mu.Unlock()
	_ = e.pubsub.Unsubscribe(ctx, channels...)
}

// tidy forgets what is not to come any more.
func (e *ear) tidy(ctx context.Context) {
	now := time.Now()
	var late []string
	e.mu.Lock()
	for channel, a := range e.awaited {
		if now.After(a.until.Add(grace)) {
			late = append(late, channel)
		}
	}
	e.mu.Unlock()
	e.forget(ctx, late...)
}

// run hears until ctx ends.
func (e *ear) run(ctx context.Context) {
	heard := e.pubsub.Channel(redis.WithChannelSize(1000))
	var all sync.WaitGroup
	defer all.Wait()
	defer func() { _ = e.pubsub.Close() }()
	free := make(chan struct{}, wakers)
	tidy := time.NewTicker(grace)
	defer tidy.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tidy.C:
			e.tidy(ctx)
		case m := <-heard:
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				e.hear(ctx, m)
			})
		}
	}
}

// hear does what a message calls for: a result has its task run, all else is progress.
func (e *ear) hear(ctx context.Context, m *redis.Message) {
	e.mu.Lock()
	a, wanted := e.awaited[m.Channel]
	e.mu.Unlock()
	if !wanted {
		return
	}
	if final, told := isFinal(m.Payload); final || !told {
		e.remote.wake(ctx, a.name)
		e.forget(ctx, m.Channel)
		return
	}
	e.remote.tell(ctx, a.name, a.call.Attempt, m.Payload)
}

// wake runs a task that is parked. One whose attempt is only just ending is tried again.
func (r *Remote) wake(ctx context.Context, name tasks.Name) {
	for range wakeTries {
		fate, err := r.Queue.Unpark(ctx, name.Queue, name.ID)
		if err != nil || fate != tasks.StillEnding || tasks.Sleep(ctx, wakeEvery) != nil {
			return
		}
	}
}

// tell keeps how far a task is.
func (r *Remote) tell(ctx context.Context, name tasks.Name, attempt int, text string) {
	progress := progressOf(text)
	if progress == nil {
		return
	}
	if err := r.Progress(ctx, name, attempt, progress); err != nil && ctx.Err() == nil {
		r.Log.Debug("progress that a worker of Celery told is not kept", zap.String("id", name.ID), zap.Error(err))
	}
}
