package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/test/redistest"
)

func TestAnEngineIsReadyWhileItsRoundsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEngine(nil, nil, Options{})
		for _, step := range []struct {
			happens func()
			want    string // "" for ready
		}{
			{func() {}, "no round has begun yet"},
			{func() { e.pulse.ended(nil) }, ""},
			{func() { time.Sleep(30 * time.Second) }, ""},
			{func() { time.Sleep(time.Second) }, "no round has ended for 31s: nothing is enqueued: restart this scheduler, others go on meanwhile"},
			{e.pulse.beat, ""}, // within a long round
			{func() { e.pulse.ended(errors.New("no Redis")) }, "the last round failed: no Redis"},
			{func() { e.pulse.ended(nil) }, ""},
		} {
			step.happens()
			got := ""
			if err := e.Check(t.Context()); err != nil {
				got = err.Error()
			}
			if got != step.want {
				t.Errorf("Check says %q, want %q", got, step.want)
			}
		}
	})
}

func TestAnEngineThatHangsInARoundIsNotReadyAndAnswersAtOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		entered, release := make(chan struct{}), make(chan struct{})
		queue.before = func(context.Context, string) error { close(entered); <-release; return nil }
		e := NewEngine(store, queue, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { e.Run(ctx) })
		defer running.Wait()
		defer cancel()
		defer close(release)
		<-entered
		e.pulse.mu.Lock()
		e.pulse.last = e.pulse.last.Add(-time.Minute) // as if a minute had gone by
		e.pulse.mu.Unlock()
		if err := e.Check(t.Context()); fmt.Sprint(err) != "no round has ended for 1m0s: nothing is enqueued: restart this scheduler, others go on meanwhile" {
			t.Errorf("Check = %v, want it to say that no round has ended", err)
		}
	})
}

// TestAnEntryThatTakesTooMuchWorkIsInNobodysWay has one that catches up with three hundred
// years near the pole, where the sun rises once in each: it takes more steps than there are.
func TestAnEntryThatTakesTooMuchWorkIsInNobodysWay(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue, ticks := NewStore(client, prefix), newFakeQueue(), &recorder{}
		logger, logs := observed(zap.ErrorLevel)
		evil := newEntry("evil", "@sunrise 89.5 0")
		evil.CatchUp, evil.CatchUpLimit = All, 300
		put(t, store, evil)
		setNext(t, store, "evil", mustTime(t, "1726-01-01T00:00:00Z"))
		good := newEntry("good", "@daily")
		tick := overdue(t, store, good, 24*time.Hour)
		e := NewEngine(store, queue, Options{Logger: logger, Observer: ticks})
		if err := workAll(t, e); err != nil {
			t.Fatal(err)
		}
		if !queue.has(tickID("good", tick)) || queue.count() != 1 {
			t.Errorf("enqueued %v, want the good entry's tick", queue.added)
		}
		r := get(t, store, "evil")
		if r.State() != Failing || r.Books.LastError != `spec "@sunrise 89.5 0": its ticks take too much work to find: it would be more than 1000000 steps: use a simpler spec` {
			t.Errorf("the entry is %s: %q, want it to say that it takes too much work", r.State(), r.Books.LastError)
		}
		if ticks.broken != 1 || logs.FilterField(zap.String("entry", "evil")).Len() != 1 {
			t.Errorf("counted %d, logged %v; want the entry counted and named once", ticks.broken, logs.All())
		}
		if due, _, err := store.dueShards(t.Context(), time.Second); err != nil || len(due) != 0 {
			t.Errorf("due still: %v, %v; want it put aside", due, err)
		}
	})
}

func TestAnEngineThatIsToStopHandsBackWhatItHasNotWorkedOut(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue, ticks := NewStore(client, prefix), newFakeQueue(), &recorder{}
		first := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		e := NewEngine(store, queue, Options{Observer: ticks})
		c, err := store.claim(t.Context(), shardOf("e1"), 10, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		edits, err := e.perform(stopped, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.write(stopped, shardOf("e1"), edits); err != nil {
			t.Fatal(err)
		}
		r := get(t, store, "e1")
		if !r.Books.Next.Equal(first) || r.Books.LastError != "" || ticks.broken != 0 {
			t.Errorf("books are %+v, counted %d; want them as they were", r.Books, ticks.broken)
		}
		if err := workAll(t, e); err != nil || !queue.has(tickID("e1", first)) {
			t.Errorf("the tick was not there for the next engine: %v", err)
		}
	})
}
