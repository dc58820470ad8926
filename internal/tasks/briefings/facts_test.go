package briefings

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// around is what there is beside the news, in memory.
type around struct {
	runs    []tasks.Status
	stopped Stopped
	visited []Visited
}

func (a *around) List(_ context.Context, f tasks.Filter, _ int, _ string) (tasks.Page, error) {
	var page tasks.Page
	for _, t := range a.runs {
		if f.User == "ada" && f.Kind == "agent_*" && f.Matches(t) {
			page.Tasks = append(page.Tasks, t)
		}
	}
	return page, nil
}

func (a *around) Stopped(context.Context, string) (Stopped, error) { return a.stopped, nil }

func (a *around) Visited(context.Context, time.Time) ([]Visited, error) { return a.visited, nil }

func (a *around) ended(kind string, state tasks.State, n int) {
	for i := range n {
		a.runs = append(a.runs, tasks.Status{
			ID: fmt.Sprint(kind, i), Kind: kind, Queue: "agents", State: state, Since: noon.Add(-time.Minute), Payload: []byte(`{"user":"ada"}`),
		})
	}
}

const wholeText = `Briefing for ada, Saturday 1 June 2030 14:00 CEST

Queues
  paper · probably 31 May 2030
  https://example.org/d1
  - A queue holds tasks until a worker takes one of them.
  why: it fits

3 more pages fit your topics.

2 new pages are left out, in languages that you do not read.

1 page could not be read.

Could not be read when last visited: gone.

Paused
  - Your agents are paused since 1 June 2030 13:00 CEST.

Waiting for your decision
  - buyer: pay

Failed
  - letter writer, 1 June 2030 13:59 CEST

Done by your agents
  - job scout, 1 June 2030 13:59 CEST
  - job scout, 1 June 2030 13:59 CEST
  - job scout, 1 June 2030 13:59 CEST
  - job scout, 1 June 2030 13:59 CEST
  - job scout, 1 June 2030 13:59 CEST
  - 2 more
`

func TestABriefingTellsWhatAgentsDidAndWhatWaitsAndWhatWasLeftOut(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		a := &around{
			stopped: Stopped{Since: noon.Add(-time.Hour), Waits: map[string]string{"agents/agent_buyer0": "pay", "agents/gone": "no task has this"}},
			visited: []Visited{{Name: "paper", At: noon, Unread: 1}, {Name: "gone", At: noon, Failed: true}},
		}
		a.ended("agent_job_scout", tasks.StateSucceeded, maxLines+2)
		a.ended("agent_scout", tasks.StateSucceeded, 1) // ranks for briefings
		a.ended("agent_letter_writer", tasks.StateFailed, 1)
		a.ended("agent_buyer", tasks.StateParked, 1)
		r.Runs, r.Brake, r.Sources = a, a, a
		r.store("d1", "Queues", "A queue holds tasks until a worker takes one of them.", noon.Add(-time.Hour))
		r.documents[0].Source, r.documents[0].Published, r.documents[0].DateGuessed = "paper", noon.Add(-24*time.Hour), true
		r.statuses["r1"] = tasks.Status{Result: []byte(`{"considered":10,"unmatched":4,"foreign":2,"choices":[{"document":"d1","why":"it fits"}]}`)}
		if err := r.perform("w1", WriteArgs{User: "ada", Briefing: "b1", Since: noon.Add(-time.Hour), Until: noon, Ranking: "r1"}); err != nil {
			t.Fatal(err)
		}
		text, err := r.delivered[0].Text()
		if err != nil || text != wholeText {
			t.Errorf("%v, text:\n%s\nwant:\n%s", err, text, wholeText)
		}
		for name, written := range map[string]func() (string, error){"HTML": r.delivered[0].HTML, "Markdown": r.delivered[0].Markdown, "mail": Delivery{Briefing: r.delivered[0]}.mailHTML} {
			text, err := written()
			for _, want := range []string{"paper · probably 31 May 2030", "3 more pages fit your topics.", "Waiting for your decision", "buyer: pay", "2 more"} {
				if err != nil || strings.Count(text, want) != 1 {
					t.Errorf("%s, %v: want %q once in\n%s", name, err, want, text)
				}
			}
		}
	})
}

func TestABriefingWithoutNewsSaysWhichSourcesWereVisited(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.Sources = &around{visited: []Visited{{Name: "paper", At: noon}, {Name: "idle", At: noon.Add(-48 * time.Hour)}}}
		write := WriteArgs{User: "ada", Briefing: "b1", Since: noon.Add(-time.Hour), Until: noon}
		if err := r.perform("w1", write); err != nil {
			t.Fatal(err)
		}
		write.Briefing, write.Ranking = "b2", "r2"
		r.statuses["r2"] = tasks.Status{Result: []byte(`{"considered":7,"unmatched":7,"choices":[]}`)}
		if err := r.perform("w2", write); err != nil {
			t.Fatal(err)
		}
		const head, foot = "Briefing for ada, Saturday 1 June 2030 14:00 CEST\n\n", "\n\nVisited since then: paper.\n"
		for i, want := range []string{"Nothing new since 1 June 2030.", "7 new pages were looked at, and none was chosen for you."} {
			if text, err := r.delivered[i].Text(); err != nil || text != head+want+foot {
				t.Errorf("%v, text:\n%s", err, text)
			}
		}
	})
}

// FuzzEachItemHasADocument holds whatever an agent answers.
func FuzzEachItemHasADocument(f *testing.F) {
	f.Add([]byte(`{"choices":[{"document":"d1"},{"document":"made up","why":"x"}]}`))
	f.Add([]byte(`{"considered":-3,"choices":[{"document":"d1"},{"document":"d1"}]}`))
	f.Add([]byte(`{"choices":null}`))
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(f).Addr()})
	f.Cleanup(func() { _ = client.Close() })
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := newRig(t, client)
		r.store("d1", "Queues", "A queue holds tasks.", noon.Add(-time.Hour))
		r.statuses["r1"] = tasks.Status{Result: answer}
		user := r.users["ada"]
		b, err := r.compose(t.Context(), user, WriteArgs{User: "ada", Briefing: "b", Since: noon.Add(-time.Hour), Until: noon, Ranking: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range b.Items {
			if item.document != "d1" || i > 0 {
				t.Errorf("item %d %+v is of no document, or comes twice", i, item)
			}
		}
	})
}

func TestAnItemHasTheDayOfItsReader(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		ada := r.users["ada"]
		ada.Zone = "America/New_York"
		r.users["ada"] = ada
		r.store("a-day-alone", "One", "A queue holds tasks.", noon.Add(-time.Hour))
		r.documents[0].Published = time.Date(2030, 5, 31, 0, 0, 0, 0, time.UTC)
		r.store("a-moment", "Two", "A queue holds tasks.", noon.Add(-time.Hour))
		r.documents[0].Published = time.Date(2030, 6, 1, 2, 30, 0, 0, time.UTC)
		r.statuses["r1"] = tasks.Status{Result: []byte(`{"choices":[{"document":"a-day-alone"},{"document":"a-moment"}]}`)}
		if err := r.perform("w1", WriteArgs{User: "ada", Briefing: "b1", Since: noon.Add(-time.Hour), Until: noon, Ranking: "r1"}); err != nil {
			t.Fatal(err)
		}
		kept, found, err := r.Store.Get(t.Context(), "b1")
		if err != nil || !found {
			t.Fatal(found, err)
		}
		for _, item := range kept.Items {
			if item.Byline() != "31 May 2030" {
				t.Errorf("%s has the byline %q", item.URL, item.Byline())
			}
		}
	})
}
