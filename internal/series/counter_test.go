package series

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestWhatWorkersCountComesTogetherInTheMinute(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		other := r.another()
		for _, c := range []*Counter{r.counter, other} {
			c.Ended("agents", tasks.OutcomeSucceeded, 2*time.Millisecond, time.Second)
			c.Ended("agents", tasks.OutcomeSucceeded, -1, 2*time.Second)
			c.Ended("agents", tasks.OutcomeRetried, 0, time.Hour)
			c.Ended("agents", tasks.OutcomeDead, 0, 0)
			c.Ended("agents", tasks.OutcomeCancelled, 0, 0)
			c.Ended("default", tasks.OutcomeParked, 0, 0)
			c.Flush(t.Context())
			c.Flush(t.Context()) // adds nothing
		}
		p := r.read()
		if p.Succeeded != 4 || p.Retried != 2 || p.Dead != 2 || p.Other != 2 || p.Waited.Count != 8 || p.Took.Count != 10 {
			t.Errorf("told %+v", p)
		}
		if text := client.HVals(t.Context(), key(r.redisNow())).Val(); len(text) == 1 && text[0] != "4,2,2,2,6,2,0,0,0,0,0,0,0,0,0,0,0,0,4,0,0,0,0,0,2,2,0,0,0,0,0,2" {
			t.Errorf("kept as %q", text)
		}
		if ttl := client.TTL(t.Context(), key(r.redisNow())).Val(); ttl > Kept || ttl < Kept-time.Minute {
			t.Errorf("kept for %s, want %s", ttl, Kept)
		}
	})
}

func TestWhatWasCountedWhileRedisWasAwayBelongsToItsMinute(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		away, cancel := context.WithCancel(t.Context())
		cancel()
		r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
		r.counter.Flush(away) // as if nobody answers
		for range 12 {        // two minutes
			r.now = r.now.Add(flushEvery)
			r.counter.Ended("agents", tasks.OutcomeDead, 0, 0)
			r.counter.Flush(away)
		}
		if n := len(r.counter.queues["agents"].waiting); n != 2 {
			t.Errorf("%d batches wait, want one a minute", n)
		}
		r.now = r.now.Add(10 * time.Minute)
		r.counter.Flush(t.Context())
		now := r.redisNow()
		all, err := r.store.Read(t.Context(), []string{"agents"}, now.Add(-20*time.Minute), now.Add(time.Minute), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var deads []int64
		first := -1
		for i, p := range all.Total {
			if p.Dead > 0 {
				deads = append(deads, p.Dead)
			}
			if p.Succeeded == 1 {
				first = i
			}
		}
		// The first was over 12 minutes ago.
		if want := len(all.Total) - 1 - 12; first != want && first != want-1 {
			t.Errorf("the first is in minute %d of %d", first, len(all.Total))
		}
		if len(deads) != 2 || deads[0]+deads[1] != 12 {
			t.Errorf("the others are spread as %v", deads)
		}
	})
}

func TestCountsThatNobodyTakesAreDroppedAfterAnHour(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		away, cancel := context.WithCancel(t.Context())
		cancel()
		for range 2 * 60 * 6 {
			r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
			r.counter.Flush(away)
			r.now = r.now.Add(flushEvery)
		}
		tally := r.counter.queues["agents"]
		if n := len(tally.waiting) + len(tally.sending); n != 61 {
			t.Errorf("%d batches are kept, want one for each minute of the last hour, and its ends", n)
		}
		r.counter.Flush(t.Context())
		if p := r.read(); p.Succeeded != 59*6+5 {
			t.Errorf("%d of two hours arrived, want the last hour's 359", p.Succeeded)
		}
	})
}

func TestAScriptThatRunsAgainAddsNothingTwice(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		one := batch{number: 1, since: r.now}
		one.counts[succeeded] = 3
		two := batch{number: 2, since: r.now.Add(-2 * time.Minute)}
		two.counts[succeeded] = 5
		for _, batches := range [][]batch{{one}, {one}, {one, two}, {one, two}, {two}} {
			if err := r.store.add(t.Context(), "p", "agents", r.now, batches); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.store.add(t.Context(), "q", "agents", r.now, []batch{one}); err != nil { // of another process
			t.Fatal(err)
		}
		if p := r.read(); p.Succeeded != 3+5+3 {
			t.Errorf("%d, want 11", p.Succeeded)
		}
	})
}

func TestWhatOthersHaveWrittenHarmsNoFigure(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, text := range map[string]string{
			"words": "four,two", "negative": "-4,-2", "gigantic": strings.Repeat("9", 400), "beyond": "1000000000001,0,0", "infinite": "inf,nan,1e9,0x10",
			"long": strings.Repeat("1,", 5000), "many": strings.TrimSuffix(strings.Repeat("0,", 60), ","), "empty": "", "odd": "\x00\xff,,,",
		} {
			r := newRig(t, client)
			client.Del(t.Context(), key(r.redisNow()))
			field := strconv.Itoa(r.redisNow().Minute())
			client.HSet(t.Context(), key(r.redisNow()), field, text, "s"+field, text, "x", text)
			if p := r.read(); p.Succeeded != 0 && name != "long" || p.Succeeded > 1 {
				t.Errorf("%s: read as %+v", name, p)
			}
			r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
			r.counter.Flush(t.Context())
			if p := r.read(); p.Succeeded != 1 {
				t.Errorf("%s: %+v, want one that succeeded", name, p)
			}
		}
		r := newRig(t, client)
		for _, kind := range []string{"text", "list"} {
			client.Del(t.Context(), key(r.redisNow()), r.store.base("agents")+"added:"+r.counter.process)
			if kind == "text" {
				client.Set(t.Context(), key(r.redisNow()), "x", 0)
			} else {
				client.LPush(t.Context(), key(r.redisNow()), "x")
			}
			client.LPush(t.Context(), r.store.base("agents")+"added:"+r.counter.process, "x")
			if p := r.read(); p.Succeeded != 0 {
				t.Errorf("a %s is read as %+v", kind, p)
			}
			r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
			r.counter.Flush(t.Context())
			if p := r.read(); p.Succeeded != 1 {
				t.Errorf("a %s is mended to %+v", kind, p)
			}
		}
	})
}

func TestTheCountsOfAProcessAreWrittenWhenItEnds(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.counter.Run(ctx); close(ended) }()
		r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
		cancel()
		<-ended
		if p := r.read(); p.Succeeded != 1 {
			t.Errorf("%+v, want one that succeeded", p)
		}
	})
}

func TestARedisThatIsAwayIsSaidOnceAndHoldsNobodyUp(t *testing.T) {
	server := redistest.Server(t)
	r := newRig(t, redistest.Client(t, server.Addr))
	core, logs := observer.New(zap.InfoLevel)
	r.counter.log = zap.New(core)
	server.Stop()
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 3 {
			r.counter.Ended("agents", tasks.OutcomeSucceeded, 0, 0)
			r.counter.Flush(ctx)
		}
		cancel()
		r.counter.Run(ctx)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	if n := logs.Len(); n != 1 {
		t.Errorf("%d lines, want 1: %v", n, logs.All())
	}
}

// BenchmarkEnded is what counting costs each attempt.
func BenchmarkEnded(b *testing.B) {
	c := NewCounter(NewStore(nil, "switchyard:"), zap.NewNop())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Ended("agents", tasks.OutcomeSucceeded, 40*time.Millisecond, 2*time.Second)
		}
	})
}
