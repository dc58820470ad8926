package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// mixed adds tasks of all sorts, more than are read at once, and returns their statuses.
func (r *rig) mixed(many int) (all []tasks.Status) {
	r.T.Helper()
	whys := []string{"over the BUDGET of 5 €", "said \"no\" to <b>", "too hot: 300 \u212a", "\u0130stanbul is away", "ÄRGER with C:\\temp", ""}
	names := make([]tasks.Name, many)
	for i := range many {
		id := fmt.Sprintf("m%03d", i)
		names[i] = tasks.Name{Queue: "agents", ID: id}
		o := tasks.Options{ID: id, At: time.Now().Add(time.Hour)}
		if i%3 == 0 {
			o.Tags = []string{"order:" + fmt.Sprint(i%5), "rush"}
		}
		r.Enqueue(note{As: []string{"agent_a", "agent_b"}[i%2], User: []string{"ada", "b\nob", ""}[i%3]}, o)
		switch i % 4 {
		case 1:
			r.client.Run(r.T.Context(), named(id))
		case 2, 3:
			_, _ = r.client.Cancel(r.T.Context(), named(id), tasks.Cancellation{By: "eve", Why: whys[i%len(whys)]})
		}
	}
	r.Redis.HDel(r.T.Context(), format.TaskKey("agents", "m200"), format.IndexField) // a foreign client's
	all, err := r.client.Statuses(r.T.Context(), names)
	if err != nil {
		r.T.Fatal(err)
	}
	return all
}

func TestASearchFindsFurtherOnWhatReadingEachTaskFinds(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "agent_b": nothing})
		all := r.mixed(240)
		middle := all[120].Created
		for _, f := range []tasks.Filter{
			{Error: "budget of 5 €"}, {Error: `"NO" to <b>`}, {Error: "300 k"}, {Error: "istanbul"}, {Error: "ärger"}, {Error: `c:\temp`}, {Error: "no such words"},
			{States: []tasks.State{tasks.StateCancelled}, Kind: "agent_b"}, {States: []tasks.State{tasks.StateScheduled}, User: "b\nob"},
			{States: []tasks.State{tasks.StateScheduled, tasks.StateCancelled}, Tag: "order:3"}, {States: []tasks.State{tasks.StateFailed}},
			{Queue: "agents", Kind: "agent_*", States: []tasks.State{tasks.StateWaiting}}, {From: middle}, {To: middle, Kind: "agent_a"}, {User: "ada", Tag: "rush"},
		} {
			var want []string
			for _, s := range all {
				if f.Whole().Matches(s) {
					want = append(want, s.ID)
				}
			}
			for _, limit := range []int{7, 1000} {
				got := r.pages(f, limit, func() {})
				slices.Sort(got)
				if strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%+v by %d:\n%v, want\n%v", f, limit, got, want)
				}
			}
		}
	})
}

func TestAPageHasAnErrorThatThousandsStandBefore(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		const many = 5000
		_, err := r.Redis.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range many {
				m := format.Message{Kind: "agent_a", ID: fmt.Sprint("x", i), Queue: "agents", Error: fmt.Sprintf("failure number %d.", i)}
				p.HSet(t.Context(), format.TaskKey("agents", m.ID), "msg", m.Encode(), "state", "archived")
				p.ZAdd(t.Context(), format.Key("agents", archived), redis.Z{Score: float64(i + 1), Member: m.ID})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		page, err := r.client.List(t.Context(), tasks.Filter{Error: "number 0."}, 50, "")
		if err != nil || len(page.Tasks) != 1 || page.Tasks[0].ID != "x0" {
			t.Errorf("%d tasks, next %q, %v: want the one that failed first", len(page.Tasks), page.Next, err)
		}
	})
}

func TestWhatIsParkedLongestComesFirst(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for id, at := range map[string]float64{"a": 3, "b": 1, "c": 3, "d": 2} {
			r.Redis.ZAdd(t.Context(), format.Key("agents", retry), redis.Z{Score: at, Member: id})
		}
		names := slices.Concat(named("a"), named("gone"), named("b"), named("c"), named("d"))
		var got []string
		for after := ""; ; {
			some, next, err := r.client.Longest(t.Context(), names, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range some {
				got = append(got, name.ID)
			}
			if after = next; next == "" {
				break
			}
		}
		if strings.Join(got, " ") != "b d a c" {
			t.Errorf("%v, want b d a c", got)
		}
		if _, _, err := r.client.Longest(t.Context(), names, "?", 2); err == nil {
			t.Error("a place that nobody has said is taken")
		}
	})
}
