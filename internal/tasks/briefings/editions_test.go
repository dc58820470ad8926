package briefings

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/internal/users"
	"switchyard/test/redistest"
)

// weeklyBeside gives ada a weekly edition beside the daily one.
func weeklyBeside(r *rig, e users.Edition) {
	ada := r.users["ada"]
	ada.Editions = map[string]users.Edition{users.Daily: {}, "weekly": e}
	r.users["ada"] = ada
}

// asked returns what the rig's tasks have enqueued, each as kind, ID and payload.
func (r *rig) asked() string {
	var all []string
	for _, e := range r.enqueued {
		payload, err := json.Marshal(e.args)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, e.args.Kind()+" "+e.opts.ID+" "+string(payload))
	}
	r.enqueued = nil
	return strings.Join(all, "\n")
}

func TestATickHasAllEditionsOfItsDayWritten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, tc := range map[string]struct {
			id, asked string
			want      string
		}{
			// Noon is a Saturday. The tick of Friday evening was late, and that of Saturday 00:30 in Berlin is on a Friday in UTC.
			"tick of a Saturday":            {"briefing:ada@20300601T060000Z", "", "daily weekly"},
			"late tick of a Friday":         {"briefing:ada@20300531T180000Z", "", "daily"},
			"tick of a Saturday in Berlin":  {"briefing:ada@20300531T223000Z", "", "daily weekly"},
			"by hand":                       {"by-hand", "", "daily weekly"},
			"one alone":                     {"by-hand", "weekly", "weekly"},
			"its task, after the other one": {"briefing:ada@20300531T180000Z.of.weekly", "weekly", "weekly"},
		} {
			r := newRig(t, client)
			weeklyBeside(r, users.Edition{Days: []string{"sat"}})
			if err := r.perform(tc.id, GenerateArgs{User: "ada", Edition: tc.asked}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			var wrote []string
			for _, e := range r.enqueued {
				switch args := e.args.(type) {
				case WriteArgs:
					wrote = append([]string{args.Edition}, wrote...)
				case GenerateArgs:
					wrote = append(wrote, args.Edition)
					if e.opts.ID != tc.id+".of."+args.Edition {
						t.Errorf("%s: edition %s has the task %s", name, args.Edition, e.opts.ID)
					}
				}
			}
			if got := strings.Join(wrote, " "); got != tc.want {
				t.Errorf("%s: %s is written, want %s", name, got, tc.want)
			}
		}
		r := newRig(t, client)
		const want = `user "ada" has no edition "monthly": there is daily`
		if err := r.perform("x", GenerateArgs{User: "ada", Edition: "monthly"}); !tasks.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("an edition that is not there: %v, want %s", err, want)
		}
	})
}

func TestTheResultNamesAllTasksThatFollow(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		weeklyBeside(r, users.Edition{Days: []string{"sat"}})
		r.store("d1", "Queues", "A queue holds tasks.", noon.Add(-time.Hour))
		result, err := r.generate(t.Context(), &tasks.Task{ID: "b1", Kind: KindGenerate}, GenerateArgs{User: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(result)
		const want = `{"briefing":"b1","edition":"daily","since":"2030-05-31T12:00:00Z","ranking":{"id":"b1.rank","kind":"agent_scout","queue":"q"},` +
			`"write":{"id":"b1.write","kind":"briefing_write","queue":"q"},"others":[{"id":"b1.of.weekly","kind":"briefing_generate","queue":"q"}]}`
		if err != nil || string(text) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, text, want)
		}
	})
}

func TestAnEditionHasItsOwnLengthSinceAndTitle(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		weeklyBeside(r, users.Edition{Days: []string{"sat"}, Items: 3, Tone: "plain"})
		r.Options.Digest = "editor"
		for i := range 4 {
			r.store(fmt.Sprint("d", i), fmt.Sprint("Queues ", i), "A queue holds tasks until a worker takes one of them.", noon.Add(-6*24*time.Hour))
		}
		if err := r.Store.MarkBriefed(t.Context(), "ada", users.Daily, noon.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := r.perform("b1", GenerateArgs{User: "ada", Edition: "weekly"}); err != nil {
			t.Fatal(err)
		}
		write := r.enqueued[0].args.(WriteArgs)
		const asked = `briefing_write b1.write {"user":"ada","edition":"weekly","briefing":"b1","since":"2030-05-25T12:00:00Z","until":"2030-06-01T12:00:00Z","ranking":"b1.rank"}
agent_scout b1.rank {"user":"ada","topics":["queues"],"languages":["en"],"zone":"Europe/Berlin","since":"2030-05-25T12:00:00Z","limit":3}`
		if got := r.asked(); got != asked {
			t.Errorf("asked\n%s\nwant\n%s", got, asked)
		}
		r.statuses["b1.rank"] = tasks.Status{Result: []byte(`{"considered":4,"choices":[{"document":"d0"},{"document":"d1"},{"document":"d2"},{"document":"d3"}]}`)}
		if err := r.perform("b1.write", write); err != nil {
			t.Fatal(err)
		}
		last := r.enqueued[0].args.(WriteArgs)
		const digest = `agent_editor b1.digest {"user":"ada","topics":["queues"],"since":"2030-05-25T12:00:00Z","input":{"documents":["d0","d1","d2"],"tone":"plain"}}`
		if got := r.asked(); !strings.HasSuffix(got, digest) {
			t.Errorf("asked\n%s\nwant\n%s", got, digest)
		}
		r.statuses["b1.digest"] = tasks.Status{Result: []byte(`{"items":[]}`)}
		if err := r.perform("b1.deliver", last); err != nil {
			t.Fatal(err)
		}
		if b := r.delivered[0]; b.Title() != "Weekly briefing for ada, Saturday 1 June 2030 14:00 CEST" || len(b.Items) != 3 {
			t.Errorf("%s has %d items", b.Title(), len(b.Items))
		}
		for edition, want := range map[string]time.Time{users.Daily: noon.Add(-time.Hour), "weekly": noon} {
			if since, err := r.Store.Since(t.Context(), "ada", edition, time.Time{}); err != nil || !since.Equal(want) {
				t.Errorf("the %s one was had up to %s, %v; want %s", edition, since, err, want)
			}
		}
	})
}

func TestAnEditionHasTheSectionsChosenForIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for sections, want := range map[string]string{
			"failed":      "Agents briefing for ada, Saturday 1 June 2030 14:00 CEST\n\nFailed\n  - mender, 1 June 2030 13:59 CEST\n",
			"decisions":   "Agents briefing for ada, Saturday 1 June 2030 14:00 CEST\n\nNothing new since 31 May 2030.\n",
			"news":        "Agents briefing for ada, Saturday 1 June 2030 14:00 CEST\n\nQueues\n  https://example.org/d1\n  - A queue holds tasks until a worker takes one of them.\n",
			"done paused": "Agents briefing for ada, Saturday 1 June 2030 14:00 CEST\n\nDone by your agents\n  - reader, 1 June 2030 13:59 CEST\n",
		} {
			r := newRig(t, client)
			beside := &around{}
			beside.ended("agent_mender", tasks.StateFailed, 1)
			beside.ended("agent_reader", tasks.StateSucceeded, 1)
			r.Runs, r.Brake = beside, beside
			id := strings.ReplaceAll(sections, " ", "-")
			r.Store = NewStore(client, id+":", keep) // nothing is known of the others
			ada := r.users["ada"]
			ada.Editions = map[string]users.Edition{"agents": {Sections: strings.Fields(sections)}}
			r.users["ada"] = ada
			r.store("d1", "Queues", "A queue holds tasks until a worker takes one of them.", noon.Add(-time.Hour))
			if err := r.perform(id, GenerateArgs{User: "ada"}); err != nil {
				t.Fatal(err)
			}
			if asks := len(r.enqueued) == 2; asks != (sections == "news") {
				t.Errorf("%s: enqueued %+v", sections, r.enqueued)
			}
			r.statuses[id+".rank"] = tasks.Status{Result: []byte(`{"considered":1,"choices":[{"document":"d1"}]}`)}
			if err := r.perform(id+".write", r.enqueued[0].args); err != nil {
				t.Fatal(err)
			}
			if text, err := r.delivered[0].Text(); err != nil || text != want {
				t.Errorf("%s: %v\n%q\nwant\n%q", sections, err, text, want)
			}
		}
	})
}
