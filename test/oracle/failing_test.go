package oracle

import (
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// failing are what happens to a task that fails.
var failing = []transition{
	{name: "retry", policy: retrying, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "retry, the counts at their most", policy: retrying, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.must(w.redis.Set(w.Context(), key("processed"), math.MaxInt64, 0).Err())
		w.must(w.redis.Set(w.Context(), key("failed"), 12, 0).Err())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "retry, unique", policy: single, ends: fails(tasks.RetryAfter(time.Hour, errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "park", policy: retrying, ends: fails(tasks.Parked("brake")), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "park for a while", policy: retrying, ends: fails(tasks.ParkedFor(time.Hour, "brake")), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "retry"))
	}},
	{name: "die by the last retry", policy: last, ends: fails(errBoom), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die at once", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die, unique", policy: single, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die, the counts at their most", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		w.must(w.redis.Set(w.Context(), key("processed"), math.MaxInt64, 0).Err())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
	{name: "die where the dead letter is full", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		bury(w, 10_000, time.Now())
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
		unbury(w)
	}},
	{name: "die where others died long ago", policy: retrying, ends: fails(tasks.Permanent(errBoom)), run: func(w *world) {
		bury(w, 5, time.Now().AddDate(0, 0, -91))
		w.add("a", tasks.Options{})
		w.do(w.is("a", "archived"))
	}},
}

// bury fills the dead letter with tasks that died at about the same time, one a second.
func bury(w *world, n int, at time.Time) {
	w.Helper()
	_, err := w.redis.Pipelined(w.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			id := fmt.Sprint("dead-", i)
			m := format.Message{Kind: kind, ID: id, Queue: routing.Agents, Payload: []byte("{}")}
			p.HSet(w.Context(), key("t:"+id), "msg", m.Encode(), "state", "archived")
			p.ZAdd(w.Context(), key("archived"), redis.Z{Score: float64(at.Unix() - int64(n-i)), Member: id})
		}
		return nil
	})
	w.must(err)
}

// unbury removes those of the dead that no side has a reason to touch, so that the rest is
// quickly compared.
func unbury(w *world) {
	w.Helper()
	_, err := w.redis.Pipelined(w.Context(), func(p redis.Pipeliner) error {
		for i := 10; i < 10_000; i++ {
			id := fmt.Sprint("dead-", i)
			p.Del(w.Context(), key("t:"+id))
			p.ZRem(w.Context(), key("archived"), id)
		}
		return nil
	})
	w.must(err)
}
