package briefings

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestWhatIsNewIsRankedByAnAgentAndThenWritten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.store("d1", "Queues", "A queue holds tasks until a worker takes one of them.", noon.Add(-time.Hour))
		if err := r.perform("b1", GenerateArgs{User: "ada"}); err != nil {
			t.Fatal(err)
		}
		if len(r.enqueued) != 2 {
			t.Fatalf("enqueued %+v", r.enqueued)
		}
		write, rank := r.enqueued[0], r.enqueued[1]
		if write.args.Kind() != "briefing_write" || write.opts.ID != "b1.write" || !write.opts.At.Equal(noon.Add(time.Minute)) {
			t.Errorf("write %+v", write)
		}
		if rank.args.Kind() != "agent_scout" || rank.opts.ID != "b1.rank" || rank.opts.Wakes == nil || rank.opts.Wakes.ID != "b1.write" {
			t.Errorf("rank %+v", rank)
		}
		if asked := rank.args.(rankRequest); asked.Zone != "Europe/Berlin" || !reflect.DeepEqual(asked.Languages, []string{"en"}) {
			t.Errorf("asked for zone %q and languages %q", asked.Zone, asked.Languages)
		}
		r.statuses["b1.rank"] = tasks.Status{State: tasks.StateRunning, Result: []byte(`{"considered":1,"choices":[{"document":"d1","why":"it fits"}]}`)}
		if err := r.perform("b1.write", write.args); err != nil {
			t.Fatal(err)
		}
		if len(r.delivered) != 1 {
			t.Fatalf("delivered %d briefings", len(r.delivered))
		}
		b := r.delivered[0]
		if b.ID != "b1" || b.Note != "" || len(b.Items) != 1 || b.Items[0].Why != "it fits" || len(b.Items[0].Extract) != 1 {
			t.Errorf("briefing %+v", b)
		}
	})
}

func TestAnAgentWritesTheTextsAndThePagesAreQuotedWhereItDoesNot(t *testing.T) {
	both := `{"output":{"overview":"Of queues.","items":[{"document":"d1","summary":"One in brief."},{"document":"d2","summary":"Two in brief."},{"document":"d9","summary":"?"}]},"spent":{"steps":2}}`
	for name, tc := range map[string]struct {
		digest    tasks.Status
		note      string
		overview  string
		summaries string
	}{
		"it does":          {digest: tasks.Status{Result: []byte(both)}, overview: "Of queues.", summaries: "Two in brief.|One in brief."},
		"no model's":       {digest: tasks.Status{Result: []byte(`{"items":[{"document":"d1","summary":"One."}]}`)}, note: "The digest left out 1 of 2 pages, which are quoted.", summaries: "|One."},
		"it fails":         {digest: tasks.Status{State: tasks.StateFailed}, note: "The digest failed, so the pages are quoted.", summaries: "|"},
		"it is slow":       {digest: tasks.Status{State: tasks.StateRunning}, note: "The digest did not finish in time, so the pages are quoted.", summaries: "|"},
		"it is no digest":  {digest: tasks.Status{Result: []byte(`{"output":"a poem"}`)}, note: "The digest could not be read, so the pages are quoted.", summaries: "|"},
		"its budget ended": {digest: tasks.Status{Result: []byte(`{"text":"So far of queues.","stopped":"steps","unanswered":"the model's last word is empty","spent":{"steps":2}}`)}, note: "The digest was not brought to its end, so the pages are quoted.", summaries: "|"},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client)
				r.Options.Digest = "editor"
				r.store("d1", "One", "A queue holds tasks until a worker takes one of them.", noon.Add(-2*time.Hour))
				r.store("d2", "Two", "Two queues hold more tasks than one of them would.", noon.Add(-time.Hour))
				r.statuses["rank"] = tasks.Status{Result: []byte(`{"output":{"choices":[{"document":"d2"},{"document":"d1"}]}}`)}
				write := WriteArgs{User: "ada", Briefing: "b1", Until: noon, Ranking: "rank"}
				for range 2 { // asked again it sends the same
					if err := r.perform("b1.write", write); err != nil {
						t.Fatal(err)
					}
				}
				if len(r.delivered) > 0 || len(r.enqueued) != 4 || !reflect.DeepEqual(r.enqueued[0].opts, r.enqueued[2].opts) || r.enqueued[1].opts.ID != r.enqueued[3].opts.ID {
					t.Fatalf("delivered %v, enqueued %+v; want nothing but the same two tasks", r.delivered, r.enqueued)
				}
				later, asked := r.enqueued[0], r.enqueued[1]
				if later.opts.ID != "b1.deliver" || !later.opts.At.Equal(noon.Add(time.Minute)) || asked.opts.ID != "b1.digest" || asked.args.Kind() != "agent_editor" || *asked.opts.Wakes != (tasks.Receipt{ID: "b1.deliver", Kind: "briefing_write", Queue: "q"}) {
					t.Errorf("enqueued %+v and %+v", later, asked)
				}
				payload, err := tasks.Encode(asked.args)
				if err != nil || !strings.Contains(string(payload), `"input":{"documents":["d2","d1"]}`) || strings.Contains(string(payload), "queue holds") {
					t.Errorf("the agent is asked %s, %v; want the documents' ids and none of their words", payload, err)
				}
				r.statuses["b1.digest"] = tc.digest
				if err := r.perform("b1.deliver", later.args); err != nil {
					t.Fatal(err)
				}
				b := r.delivered[0]
				if b.Note != tc.note || b.Overview != tc.overview || len(b.Items) != 2 || b.Items[0].Summary+"|"+b.Items[1].Summary != tc.summaries || len(b.Items[0].Extract) != 1 {
					t.Errorf("briefing %+v", b)
				}
			})
		})
	}
}

func TestNothingIsNewTwice(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.store("d1", "Queues", "Text.", noon.Add(-time.Hour))
		write := WriteArgs{User: "ada", Briefing: "b1", Since: noon.Add(-24 * time.Hour), Until: noon, Ranking: "r1"}
		r.statuses["r1"] = tasks.Status{Result: []byte(`{"choices":[{"document":"d1"}]}`)}
		if err := r.perform("w1", write); err != nil {
			t.Fatal(err)
		}
		if err := r.perform("b2", GenerateArgs{User: "ada"}); err != nil {
			t.Fatal(err)
		}
		if len(r.enqueued) != 1 || r.enqueued[0].args.(WriteArgs).Ranking != "" {
			t.Fatalf("enqueued %+v", r.enqueued)
		}
		if err := r.perform("b2.write", r.enqueued[0].args); err != nil {
			t.Fatal(err)
		}
		b := r.delivered[1]
		text, err := b.Text()
		if want := "Briefing for ada, Saturday 1 June 2030 14:00 CEST\n\nNothing new since 1 June 2030.\n"; err != nil || len(b.Items) != 0 || text != want {
			t.Errorf("briefing %+v, text:\n%s", b, text)
		}
	})
}

func TestADocumentThatCameAfterTheBriefingWasAskedForBelongsToTheNext(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.store("late", "Late", "Text.", noon.Add(time.Second))
		r.statuses["r1"] = tasks.Status{Result: []byte(`{"choices":[{"document":"late"}]}`)}
		if err := r.perform("w1", WriteArgs{User: "ada", Briefing: "b1", Until: noon, Ranking: "r1"}); err != nil {
			t.Fatal(err)
		}
		if len(r.delivered[0].Items) != 0 {
			t.Errorf("items %+v", r.delivered[0].Items)
		}
	})
}

func TestAFailedRankingFallsBackToTheTopicsAndThenToTheLastGoodOneMarkedAsSuch(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.store("d1", "One", "Text.", noon.Add(-2*time.Hour))
		r.store("d2", "Two", "Text.", noon.Add(-time.Hour))
		r.store("d3", "Queues", "All about queues.", noon.Add(-time.Hour))
		write := func(id string) Briefing {
			t.Helper()
			if err := r.perform("w"+id, WriteArgs{User: "ada", Briefing: id, Until: noon, Ranking: "r" + id}); err != nil {
				t.Fatal(err)
			}
			return r.delivered[len(r.delivered)-1]
		}
		r.statuses["r1"] = tasks.Status{State: tasks.StateFailed, LastError: "no"}
		if b := write("1"); b.Note != "The ranking failed, so these were chosen by your topics alone." || len(b.Items) != 1 || b.Items[0].Title != "Queues" {
			t.Errorf("without any ranking: %+v", b)
		}
		r.documents = r.documents[1:] // the one that fits
		r.statuses["r2"] = tasks.Status{Result: []byte(`{"choices":[{"document":"d1"}]}`)}
		if b := write("2"); b.Note != "" || len(b.Items) != 1 {
			t.Errorf("with a ranking: %+v", b)
		}
		for id, want := range map[string]string{"3": "did not finish in time", "4": "was not kept", "5": "could not be read"} {
			switch id {
			case "3":
				r.statuses["r3"] = tasks.Status{State: tasks.StateRunning}
			case "5":
				r.statuses["r5"] = tasks.Status{Result: []byte(`{"steps":[]}`)}
			}
			b := write(id)
			if b.Note != "The ranking "+want+", so this is the last good ranking, of 1 June 2030 14:00 CEST." || len(b.Items) != 1 || b.Items[0].Title != "One" {
				t.Errorf("%s: %+v", want, b)
			}
		}
	})
}

func TestABriefingIsDeliveredOnceOverEachChannelWhateverIsRepeated(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		u := r.users["ada"]
		u.Channels = []string{"in_app", "file"}
		r.users["ada"] = u
		write := WriteArgs{User: "ada", Briefing: "b1", Until: noon}
		err := r.perform("w", write)
		if err == nil || err.Error() != `channel "file" of user ada is not configured: configure it, or take it off their channels` || len(r.delivered) != 1 {
			t.Fatalf("err %v, delivered %d", err, len(r.delivered))
		}
		dir := t.TempDir()
		r.Channels["file"] = &File{Dir: dir}
		r.store("new", "New", "Text.", noon) // must not change what is written already
		for range 2 {
			if err := r.perform("w", write); err != nil {
				t.Fatal(err)
			}
		}
		if len(r.delivered) != 1 {
			t.Errorf("delivered %d times in the app", len(r.delivered))
		}
		if files := list(t, dir); fmt.Sprint(files) != "[ada/b1.html ada/b1.md]" {
			t.Errorf("files %v", files)
		}
	})
}

func TestAFailedChannelIsTriedAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.failing = errors.New("away")
		write := WriteArgs{User: "ada", Briefing: "b1", Until: noon}
		if err := r.perform("w", write); err == nil || tasks.IsPermanent(err) {
			t.Errorf("err %v, want one to retry", err)
		}
		r.failing = nil
		if err := r.perform("w", write); err != nil || len(r.delivered) != 1 {
			t.Errorf("err %v, delivered %d", err, len(r.delivered))
		}
	})
}

func TestAnUnknownUserOrAHostileIDIsADeadLetter(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client)
		r.store("d1", "One", "Text.", noon)
		for name, err := range map[string]error{
			"unknown user": r.perform("b", GenerateArgs{User: "eve"}),
			"bad user":     r.perform("b", GenerateArgs{User: "a*"}),
			"bad task ID":  r.perform("../../etc/x", GenerateArgs{User: "ada"}),
			"bad briefing": r.perform("w", WriteArgs{User: "ada", Briefing: "../x"}),
		} {
			if !tasks.IsPermanent(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPatienceBeginsWhenTheAgentDoes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, tc := range map[string]struct {
			agent tasks.Status
			asked time.Time
			waits bool
		}{
			"in its queue":              {tasks.Status{State: tasks.StateWaiting}, noon.Add(-time.Hour), true},
			"for its user's turn":       {tasks.Status{State: tasks.StateHeld}, noon.Add(-time.Hour), true},
			"in its queue for too long": {tasks.Status{State: tasks.StateWaiting}, noon.Add(-6 * time.Hour), false},
			"at work":                   {tasks.Status{State: tasks.StateRunning, Run: "1"}, noon.Add(-time.Hour), false},
			"again after it began":      {tasks.Status{State: tasks.StateWaiting, Run: "1"}, noon.Add(-time.Hour), false},
		} {
			r := newRig(t, client)
			r.statuses["r1"] = tc.agent
			err := r.perform("w"+name, WriteArgs{User: "ada", Briefing: "b" + strings.ReplaceAll(strings.ReplaceAll(name, " ", ""), "'", ""), Until: tc.asked, Ranking: "r1"})
			delay, waits := tasks.PostponedDelay(err)
			if waits != tc.waits || waits && delay != time.Minute || !waits && err != nil {
				t.Errorf("%s: %v, want it to wait: %v", name, err, tc.waits)
			}
			if len(r.delivered) == 0 != tc.waits {
				t.Errorf("%s: delivered %+v", name, r.delivered)
			}
		}
	})
}
