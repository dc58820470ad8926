package lane

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// waitFor is how long one wait for a token takes at most; a connection that is dead
	// without saying so is found out soon after.
	waitFor = 5 * time.Second
	// putBackWithin bounds what a stopping worker still does about its wait.
	putBackWithin = 500 * time.Millisecond
)

// doorbell waits for the wake tokens of all queues of a process: whoever makes a task ready
// also leaves a token on the queue's list, and a worker without a task waits for one. It is a
// list and not a publication, so that one task wakes one worker.
type doorbell struct {
	redis   redis.UniversalClient
	waiting redis.UniversalClient // for the waits alone
	ropes   []*rope
}

func newDoorbell(client, waiting redis.UniversalClient) *doorbell {
	return &doorbell{redis: client, waiting: waiting}
}

// hang gives each source a rope: one for all of them, but on a cluster, where their lists are in
// different places, one for each.
func (d *doorbell) hang(sources []*source) {
	_, cluster := d.redis.(*redis.ClusterClient)
	for _, s := range sources {
		if cluster || len(d.ropes) == 0 {
			d.ropes = append(d.ropes, newRope(d.redis, d.waiting, format.WakeKey(s.queue)+":"+rand.Text()))
		}
		s.rope = d.ropes[len(d.ropes)-1]
	}
}

// run waits until ctx ends.
func (d *doorbell) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range d.ropes {
		all.Go(func() { r.run(ctx) })
		all.Go(func() { r.interrupt(ctx) })
	}
	all.Wait()
}

// rope is one wait, for the tokens of some sources.
type rope struct {
	redis   redis.UniversalClient
	waiting redis.UniversalClient
	own     string // the list whose token ends this wait

	mu       sync.Mutex
	sources  []*source     // that have no task
	asleep   bool          // a wait is under way
	added    chan struct{} // there is a first source
	outdated chan struct{} // the wait under way misses one
}

func newRope(client, waiting redis.UniversalClient, own string) *rope {
	return &rope{redis: client, waiting: waiting, own: own, added: make(chan struct{}, 1), outdated: make(chan struct{}, 1)}
}

// listen waits for tokens of s, too, until one has come.
func (r *rope) listen(s *source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.sources, s) {
		return
	}
	r.sources = append(r.sources, s)
	signal := r.added
	if r.asleep {
		signal = r.outdated
	}
	select {
	case signal <- struct{}{}:
	default:
	}
}

// run waits for tokens until ctx ends.
func (r *rope) run(ctx context.Context) {
	for ctx.Err() == nil {
		sources := r.begin()
		if len(sources) == 0 {
			select {
			case <-r.added:
			case <-ctx.Done():
			}
			continue
		}
		list, err := r.wait(sources)
		switch {
		case errors.Is(err, redis.Nil), list == r.own:
		case cache.IsFinal(err) && err != nil: // one of the lists is none: it is moved aside
			for _, s := range sources {
				s.forwarder.nudge()
			}
			_ = tasks.Sleep(ctx, retryEvery)
		case err != nil:
			for _, s := range sources {
				s.lane.health.failed(err)
			}
			_ = tasks.Sleep(ctx, retryEvery)
		default:
			r.rung(ctx, list)
		}
	}
}

// begin returns what is to be waited for now.
func (r *rope) begin() []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asleep = len(r.sources) > 0
	return slices.Clone(r.sources)
}

// wait returns the list on which a token came. It takes its own time, whatever ends: a wait
// that is cut short may have taken a token.
func (r *rope) wait(sources []*source) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), waitFor+answerWithin)
	defer cancel()
	lists := []string{r.own}
	for _, s := range sources {
		lists = append(lists, format.WakeKey(s.queue))
	}
	popped, err := r.waiting.BLPop(ctx, waitFor, lists...).Result()
	if err != nil {
		return "", err
	}
	return popped[0], nil
}

// rung has the source of a token look for its task. If it has no slot for that, or stops, the
// token is left to another worker.
func (r *rope) rung(ctx context.Context, list string) {
	r.mu.Lock()
	i := slices.IndexFunc(r.sources, func(s *source) bool { return format.WakeKey(s.queue) == list })
	var s *source
	if i >= 0 {
		s = r.sources[i]
		r.sources = slices.Delete(r.sources, i, i+1)
	}
	r.mu.Unlock()
	if ctx.Err() == nil && s != nil && s.lane.exchange.ring(s, true) {
		return
	}
	within, cancel := context.WithTimeout(context.Background(), putBackWithin)
	defer cancel()
	// Without its token a task is found by a poll.
	_ = r.redis.LPush(within, list, "").Err()
}

// interrupt ends the wait under way when it misses a source, and when ctx ends.
func (r *rope) interrupt(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-r.outdated:
		case <-ctx.Done():
		}
		within, cancel := context.WithTimeout(context.Background(), putBackWithin)
		// With Redis away there is no wait to end. A token that finds none is forgotten soon.
		_, _ = r.redis.Pipelined(within, func(p redis.Pipeliner) error {
			p.LPush(within, r.own, "")
			p.PExpire(within, r.own, time.Second)
			return nil
		})
		cancel()
	}
}
