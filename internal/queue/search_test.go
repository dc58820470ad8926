package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// pages returns the IDs of all pages of a filter, in their order, and calls between after each page.
func (r *rig) pages(f tasks.Filter, limit int, between func()) []string {
	r.T.Helper()
	var ids []string
	for after, n := "", 0; ; n++ {
		page, err := r.client.List(r.T.Context(), f, limit, after)
		if err != nil || len(page.Tasks) > limit || n > 10_000 {
			r.T.Fatalf("%+v: %d tasks of %d, page %d: %v", f, len(page.Tasks), limit, n, err)
		}
		for _, s := range page.Tasks {
			ids = append(ids, s.ID)
		}
		if after = page.Next; after == "" {
			return ids
		}
		between()
	}
}

// indexed returns how many members sets of the index have.
func (r *rig) indexed(keys ...string) (all []int64) {
	for _, key := range keys {
		all = append(all, r.Redis.ZCard(r.T.Context(), key).Val())
	}
	return all
}

func TestTasksAreFoundByTheirLabels(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "agent_b": nothing, "scrape_c": nothing})
		send := func(id, kind, user string, tags ...string) {
			r.Enqueue(note{As: kind, User: user}, tasks.Options{ID: id, Tags: tags})
		}
		send("1", "agent_a", "ada", "order:1")
		send("2", "agent_b", "ada", "order:2", "rush")
		send("3", "scrape_c", "ada")
		between := time.Now()
		for time.Since(between) < 2*time.Millisecond { // Redis's clock is the same, but not to the microsecond
			client.Ping(t.Context())
		}
		send("4", "scrape_c", "", "rush")
		send("5", "agent_a", "b\nob", "order:1")
		for i := range 30 { // others, so that the labels are the shortest way
			send(fmt.Sprintf("x%d", i), "agent_b", "")
		}
		waiting := []tasks.State{tasks.StateWaiting}
		for _, tc := range []struct {
			filter tasks.Filter
			want   string
		}{
			{tasks.Filter{User: "ada"}, "3 2 1"},
			{tasks.Filter{User: "ada", States: waiting}, "3 2 1"},
			{tasks.Filter{User: "ada", States: []tasks.State{tasks.StateFailed}}, ""},
			{tasks.Filter{User: "b\nob"}, "5"},
			{tasks.Filter{Tag: "rush"}, "4 2"},
			{tasks.Filter{Tag: "order:1", User: "ada"}, "1"},
			{tasks.Filter{Tag: "order:1", Queue: "scraping"}, ""},
			{tasks.Filter{Kind: "scrape_c"}, "4 3"},
			{tasks.Filter{Kind: "scrape_*", User: "ada"}, "3"},
			{tasks.Filter{Kind: "agent_a"}, "5 1"},
			{tasks.Filter{To: between}, "3 2 1"},
			{tasks.Filter{From: between, Kind: "scrape_*"}, "4"},
			{tasks.Filter{User: "eve"}, ""},
		} {
			for _, limit := range []int{1, 2, 100} {
				if got := strings.Join(r.pages(tc.filter, limit, func() {}), " "); got != tc.want {
					t.Errorf("%+v by %d: %q, want %q", tc.filter, limit, got, tc.want)
				}
			}
		}
		s, _, err := r.client.Status(t.Context(), "agents", "2")
		if age := time.Since(s.Created); err != nil || !slices.Equal(s.Tags, []string{"order:2", "rush"}) || age < 0 || age > time.Minute {
			t.Errorf("task 2 has the tags %v, added at %s, %v", s.Tags, s.Created, err)
		}
	})
}

func TestTasksAreFoundByWhatTheirErrorsSay(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for id, why := range map[string]string{"a": "Over the BUDGET", "b": "too slow", "c": "budget 7 is gone", "w": "no budget"} {
			r.put(id, "scheduled")
			if _, err := r.client.Cancel(t.Context(), named(id), tasks.Cancellation{By: "eve", Why: why}); err != nil {
				t.Fatal(err)
			}
		}
		r.client.Run(t.Context(), named("w")) // and keeps its error
		r.put("d", "retry")                   // has none
		for _, tc := range []struct {
			filter tasks.Filter
			want   string
		}{
			{tasks.Filter{Error: "budget"}, "a c"},
			{tasks.Filter{Error: "BUDGET", User: "ada"}, "a c"},
			{tasks.Filter{Error: "Too Slow"}, "b"},
			{tasks.Filter{Error: "cancelled by eve: "}, "a b c"},
			{tasks.Filter{Error: "budget", States: []tasks.State{tasks.StateWaiting}}, "w"},
			{tasks.Filter{Error: "budget", States: []tasks.State{tasks.StateFailed}}, ""},
			{tasks.Filter{Error: "no such words"}, ""},
		} {
			for _, limit := range []int{1, 100} {
				got := r.pages(tc.filter, limit, func() {})
				slices.Sort(got)
				if strings.Join(got, " ") != tc.want {
					t.Errorf("%+v by %d: %q, want %q", tc.filter, limit, got, tc.want)
				}
			}
		}
	})
}

// TestAnErrorIsNotLookedForAmongThoseThatWait has more tasks wait than a page looks at.
func TestAnErrorIsNotLookedForAmongThoseThatWait(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		waiting := make([]tasks.New, maxLooked+1)
		for i := range waiting {
			waiting[i] = tasks.New{Args: note{As: "agent_a"}, Options: tasks.Options{ID: fmt.Sprint("w", i)}}
		}
		r.client.EnqueueMany(t.Context(), waiting)
		r.put("x", "archived")
		page, err := r.client.List(t.Context(), tasks.Filter{Error: "none has this"}, 100, "")
		if err != nil || page.Next != "" || len(page.Tasks) != 0 {
			t.Errorf("%d tasks, next %q, %v: want the one page to be all", len(page.Tasks), page.Next, err)
		}
	})
}

func TestACursorBelongsToItsFilter(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{})
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{})
		page, err := r.client.List(t.Context(), tasks.Filter{User: "ada"}, 1, "")
		if err != nil || page.Next == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		_, err = r.client.List(t.Context(), tasks.Filter{User: "eve"}, 1, page.Next)
		if want := fmt.Sprintf("after %.40q: it belongs to another filter: give it with the filter of the page before", page.Next); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	})
}

func TestPagesHaveEveryTaskThatIsMeantAllTheTime(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, f := range map[string]tasks.Filter{
			"a user":   {User: "ada"},
			"by kind":  {Kind: "agent_a"},
			"waiting":  {States: []tasks.State{tasks.StateWaiting}},
			"later":    {States: []tasks.State{tasks.StateScheduled}},
			"finished": {States: []tasks.State{tasks.StateCancelled}},
		} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, client, nil, handlers{"agent_a": nothing})
				prepared := map[string]bool{}
				add := func(id string) {
					o := tasks.Options{ID: id}
					if name == "later" {
						o.At = time.Now().Add(time.Hour).Truncate(time.Second) // all in one second
					}
					r.Enqueue(note{As: "agent_a", User: "ada"}, o)
					if name == "finished" {
						_, _ = r.client.Cancel(t.Context(), named(id), tasks.Cancellation{By: "eve"})
					}
				}
				for i := range 60 {
					id := fmt.Sprintf("%c%02d", name[3], i)
					add(id)
					prepared[id] = i%3 != 0
				}
				n := 0
				ids := r.pages(f, 7, func() {
					add(fmt.Sprintf("%cnew%d", name[3], n))
					for range 4 { // every third goes in the meantime
						if n < 60 {
							r.client.Delete(t.Context(), named(fmt.Sprintf("%c%02d", name[3], n)))
						}
						n += 3
					}
				})
				seen := map[string]int{}
				for _, id := range ids {
					seen[id]++
				}
				for id, stays := range prepared {
					if stays && seen[id] != 1 {
						t.Errorf("task %s, there all the time, was listed %d times", id, seen[id])
					}
				}
			})
		}
	})
}

func TestTheIndexForgetsWhatIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retention: new(time.Duration)}}, handlers{"agent_a": nothing})
		sets := []string{format.ByKind("agents", "agent_a"), format.ByUser("agents", "ada"), format.ByTag("agents", "x")}
		options := func(id string) tasks.Options { return tasks.Options{ID: id, Tags: []string{"x"}} }
		r.Enqueue(note{As: "agent_a", User: "ada"}, options("done"))
		r.Enqueue(note{As: "agent_a", User: "ada"}, options("deleted"))
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{ID: "kept", Tags: []string{"x"}, Retention: time.Hour})
		if got := r.indexed(sets...); !slices.Equal(got, []int64{3, 3, 3}) {
			t.Errorf("the index has %v of three tasks", got)
		}
		r.client.Delete(t.Context(), named("deleted"))
		stop := r.start(lane.Options{Queue: "agents", Concurrency: 2})
		r.Await("agents", "kept", inState(tasks.StateSucceeded))
		stop(time.Second)
		if got := r.indexed(sets...); !slices.Equal(got, []int64{1, 1, 1}) {
			t.Errorf("the index has %v of the task that is kept", got)
		}
	})
}
