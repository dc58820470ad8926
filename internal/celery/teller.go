package celery

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/celery/wire"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// tellers is how many goroutines tell clients at once, and tellAtOnce how much each of them tells
	// in a round trip. Few of them have much to tell at once, which is cheaper.
	tellers    = 2
	tellAtOnce = 64
	// maxUntold bounds what waits to be told in memory, in bytes. What is beyond it is kept in Redis and
	// found by the sweep.
	maxUntold = 4 << 20
	// answerWithin bounds what is written while nobody waits for it.
	answerWithin = 5 * time.Second
	// sizeSoon is when a chord is looked at again whose size is not known yet, and sizeWithin for how
	// long that is done: its producer may have been killed between the messages and the size.
	sizeSoon   = 200 * time.Millisecond
	sizeWithin = time.Hour
)

// teller tells Celery's clients what becomes of tasks.
type teller struct {
	door   *Door
	untold [tellers]chan tasks.Reply // one for each, so that what is told of a task is told in order
	bytes  atomic.Int64
	timers sync.WaitGroup // of chords whose size is not known yet
	stop   chan struct{}
}

func newTeller(d *Door) *teller {
	t := &teller{door: d, stop: make(chan struct{})}
	for i := range t.untold {
		t.untold[i] = make(chan tasks.Reply, 1024)
	}
	return t
}

// sizeOf returns what a reply costs in memory, about.
func sizeOf(r tasks.Reply) int64 { return int64(256 + len(r.Envelope) + len(r.Result) + len(r.Error)) }

// put has a reply told soon. It does not block: what finds no room is told later, if it is kept.
func (t *teller) put(r tasks.Reply) {
	n := sizeOf(r)
	if t.bytes.Add(n) > maxUntold {
		t.bytes.Add(-n)
		return
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(r.ID))
	select {
	case t.untold[sum.Sum32()%tellers] <- r:
	default:
		t.bytes.Add(-n)
	}
}

// run tells what it is given until ctx ends, and then what is left.
func (t *teller) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, untold := range t.untold {
		all.Go(func() {
			for {
				select {
				case r := <-untold:
					t.tell(t.gather(r, untold))
				case <-ctx.Done():
					select {
					case r := <-untold:
						t.tell(t.gather(r, untold))
					default:
						return
					}
				}
			}
		})
	}
	all.Wait()
	close(t.stop)
	t.timers.Wait()
}

// gather returns what waits behind a reply together with it.
func (t *teller) gather(first tasks.Reply, untold <-chan tasks.Reply) []tasks.Reply {
	some := []tasks.Reply{first}
	t.bytes.Add(-sizeOf(first))
	for len(some) < tellAtOnce {
		select {
		case r := <-untold:
			t.bytes.Add(-sizeOf(r))
			some = append(some, r)
		default:
			return some
		}
	}
	return some
}

// tell tells replies, and forgets those that have been told. It reports whether all are.
func (t *teller) tell(some []tasks.Reply) bool {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	err := t.door.tell(ctx, some)
	if err != nil {
		t.door.Log.Warn("results are not told to Celery's clients: the next try is soon", zap.Error(err))
	}
	return err == nil
}

// again has a reply told again whose chord has no size yet.
func (t *teller) again(r tasks.Reply) {
	t.timers.Go(func() {
		select {
		case <-time.After(sizeSoon):
			t.put(r)
		case <-t.stop:
		}
	})
}

// tell does what follows from replies and writes their metas, then forgets them. What could not be
// done is left for another try, and holds up none of the others.
func (d *Door) tell(ctx context.Context, some []tasks.Reply) error {
	var done []told
	var ended []tasks.Reply
	var errs []error
	final := map[string]bool{} // those that have ended by now: nobody has to hear that they run
	for _, r := range some {
		final[r.ID] = final[r.ID] || r.State.Ended()
	}
	for _, r := range some {
		if r.State == tasks.StateRunning && r.Progress == nil && !d.events.Wanted() && (!d.TrackStarted || final[r.ID]) {
			d.events.Started(r.ID, d.names[r.Kind]) // it is counted
			continue
		}
		var env envelope
		if err := json.Unmarshal(r.Envelope, &env); err != nil {
			d.Log.Error("what a task carries for Celery cannot be read: its client is not told", zap.String("id", r.ID), zap.Error(err))
			ended = append(ended, r)
			continue
		}
		one := d.plan(r, env)
		if one.left != nil {
			d.Log.Warn("what follows a task of Celery is left out", zap.String("id", r.ID), zap.Error(one.left))
		}
		d.publish(r, env)
		err := d.follow(ctx, "task/"+r.ID+"/"+r.Field, one.plan)
		switch {
		case errors.Is(err, errUnsized) && time.Since(r.At) < sizeWithin:
			d.teller.again(r)
			if err := d.writeMetas(ctx, one.metas); err != nil {
				errs = append(errs, err)
			}
			continue
		case errors.Is(err, errUnsized):
			d.Log.Warn("a chord has no size: its body is not sent", zap.String("id", r.ID), zap.Error(err))
		case err != nil:
			errs = append(errs, err)
			continue
		}
		done, ended = append(done, one), append(ended, r)
	}
	var metas []wire.Meta
	for _, one := range done {
		metas = append(metas, one.metas...)
	}
	if err := d.writeMetas(ctx, metas); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, d.forget(ctx, ended))...)
}

// forget removes what was kept of replies that have been told.
func (d *Door) forget(ctx context.Context, some []tasks.Reply) error {
	fields := map[string][]string{}
	for _, r := range some {
		if r.Field != "" {
			fields[r.Queue] = append(fields[r.Queue], r.Field)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	_, err := d.Redis.Pipelined(ctx, func(to redis.Pipeliner) error {
		for queue, all := range fields {
			to.HDel(ctx, format.RepliesKey(queue), all...)
		}
		return nil
	})
	return err
}
