package queue

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/redistest"
)

// BenchmarkSearch finds tasks among many, SEARCH_TASKS of them or 100,000: by the index, and beside
// it by looking at all tasks, which is the baseline. A page has up to 100 tasks.
func BenchmarkSearch(b *testing.B) {
	c, _ := filled(b)
	for _, tc := range []struct {
		name string
		f    tasks.Filter
	}{
		{"user", tasks.Filter{User: "u7"}},
		{"tag", tasks.Filter{Tag: "order:77"}},
		{"kind", tasks.Filter{Kind: "agent_b"}},
		{"user and tag", tasks.Filter{User: "u7", Tag: "order:77"}},
		{"kind and state", tasks.Filter{Kind: "agent_b", States: []tasks.State{tasks.StateFailed}}},
	} {
		b.Run(tc.name+"/index", func(b *testing.B) {
			for b.Loop() {
				if _, err := c.List(b.Context(), tc.f, 100, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(tc.name+"/looking at all", func(b *testing.B) {
			for b.Loop() {
				lookAtAll(b, c, tc.f)
			}
		})
	}
}

// BenchmarkMatch names all of 100,000 tasks, or SEARCH_TASKS of them, as a preview counts them.
func BenchmarkMatch(b *testing.B) {
	c, many := filled(b)
	for b.Loop() {
		if names, _, err := c.Match(b.Context(), tasks.Filter{Kind: "agent_*"}); err != nil || len(names) != min(many, MaxMatches) {
			b.Fatalf("%d of %d tasks, %v", len(names), many, err)
		}
	}
}

// filled returns a client of a Redis with many tasks, and how many they are.
func filled(b *testing.B) (*Client, int) {
	b.Helper()
	many := 100_000
	if n, err := strconv.Atoi(os.Getenv("SEARCH_TASKS")); err == nil {
		many = n
	}
	redisClient := redis.NewClient(&redis.Options{Addr: redistest.Server(b).Addr})
	b.Cleanup(func() { _ = redisClient.Close() })
	table, err := routing.New(queues, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	catalog, err := tasks.NewCatalog(0, tasks.KindOf[note]("agent_a", 1), tasks.KindOf[note]("agent_b", 1))
	if err != nil {
		b.Fatal(err)
	}
	c := NewClient(redisClient, table, catalog, queues, telemetry.None())
	fill(b, c, many)
	return c, many
}

// fill adds tasks of two kinds, 10,000 users and as many orders as there are thousands of tasks.
func fill(b *testing.B, c *Client, many int) {
	b.Helper()
	for at := 0; at < many; at += 1000 {
		all := make([]tasks.New, 1000)
		for i := range all {
			n := at + i
			kind := "agent_a"
			if n%100 == 0 {
				kind = "agent_b"
			}
			all[i] = tasks.New{
				Args:    tasks.Raw{Name: kind, Payload: fmt.Appendf(nil, `{"user":"u%d","text":"some text of a common length, as it were"}`, n%10_000)},
				Options: tasks.Options{Tags: []string{"order:" + strconv.Itoa(n/1000)}},
			}
		}
		for _, added := range c.EnqueueMany(b.Context(), all) {
			if added.Err != nil {
				b.Fatal(added.Err)
			}
		}
	}
}

// lookAtAll finds the first 100 tasks of a filter by where they stand.
func lookAtAll(b *testing.B, c *Client, f tasks.Filter) {
	b.Helper()
	all, words, err := c.among(f)
	if err != nil {
		b.Fatal(err)
	}
	w := &placeWalk{client: c, queues: all, words: words, at: place{Queue: all[0], Word: words[0]}}
	for got := 0; got < 100; {
		names, done, err := w.ahead(b.Context(), lookAtOnce)
		if err != nil {
			b.Fatal(err)
		}
		if done {
			return
		}
		if len(names) == 0 {
			continue
		}
		some, err := w.look(b.Context(), names)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range some {
			if f.Matches(s) {
				got++
			}
		}
		w.pass(len(names) - 1)
	}
}
