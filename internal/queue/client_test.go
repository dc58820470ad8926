package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestTasksGoToTheQueueOfTheirPrefix(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "briefing_b": nothing, "scrape_c": nothing, "other": nothing})
		for kind, queue := range map[string]string{"agent_a": "agents", "briefing_b": "briefings", "scrape_c": "scraping", "other": "default"} {
			receipt := r.Enqueue(note{As: kind}, tasks.Options{})
			s, found, err := r.client.Status(t.Context(), queue, receipt.ID)
			if err != nil || !found || s.State != tasks.StateWaiting || receipt.Queue != queue {
				t.Errorf("%s: %+v, status %+v, found %v, err %v", kind, receipt, s, found, err)
			}
		}
	})
}

func TestATaskWhoseTimeIsOverIsRefused(t *testing.T) {
	now := time.Date(2030, 6, 1, 9, 0, 0, 0, time.UTC)
	at := now.Add
	for name, tc := range map[string]struct {
		opts tasks.Options
		want string
	}{
		"none":               {tasks.Options{}, ""},
		"to come":            {tasks.Options{At: at(time.Hour), Deadline: at(2 * time.Hour)}, ""},
		"just now":           {tasks.Options{At: at(-time.Minute)}, ""},
		"a while ago":        {tasks.Options{At: at(-61 * time.Second)}, "its time is over (2030-06-01T08:58:59Z, 1m1s ago): give one that is to come, or none to run it now"},
		"a deadline now":     {tasks.Options{Deadline: now}, "its deadline has passed (2030-06-01T09:00:00Z, 0s ago), and it would never run: give one that is to come, or none"},
		"a deadline ago":     {tasks.Options{Deadline: at(-time.Hour)}, "its deadline has passed (2030-06-01T08:00:00Z, 1h0m0s ago), and it would never run: give one that is to come, or none"},
		"a deadline at once": {tasks.Options{Deadline: at(time.Second)}, ""},
		"a deadline before":  {tasks.Options{At: at(time.Hour), Deadline: at(time.Hour)}, "its deadline 2030-06-01T10:00:00Z is not after its time 2030-06-01T10:00:00Z, and it would never run: give a later one"},
	} {
		got := ""
		if err := checkTimes(tc.opts, now); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: error %q, want %q", name, got, tc.want)
		}
	}
}

// anHourAgo is what is said of a time that was an hour ago when the test began.
var anHourAgo = regexp.MustCompile(`1h0m[0-9]+s ago`)

func TestABadTaskIsRefusedBeforeItReachesRedis(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		ago := time.Now().Add(-time.Hour)
		for name, tc := range map[string]struct {
			args tasks.Args
			opts tasks.Options
			want string
		}{
			"unknown kind":  {tasks.Raw{Name: "agent_z"}, tasks.Options{}, `kind "agent_z" is unknown: known are agent_a`},
			"no kind":       {tasks.Raw{Name: "Agent A"}, tasks.Options{}, `kind "Agent A": use lower-case letters, digits and underscores, starting with a letter`},
			"unknown field": {tasks.Raw{Name: "agent_a", Payload: []byte(`{"txt":"x"}`)}, tasks.Options{}, `agent_a: unknown field "txt": remove it or check its spelling`},
			"wrong type":    {tasks.Raw{Name: "agent_a", Payload: []byte(`{"text":3}`)}, tasks.Options{}, `agent_a: field "text" is a number: it must be a string`},
			"too large":     {note{As: "agent_a", Text: strings.Repeat("x", 1<<20)}, tasks.Options{}, "agent_a: payload has 1048587 bytes, at most 1048576 are allowed: store the data and send a reference"},
			"unknown queue": {note{As: "agent_a"}, tasks.Options{Queue: "fast"}, `agent_a: unknown queue "fast": use one of agents, briefings, scraping, default`},
			"time over":     {note{As: "agent_a"}, tasks.Options{At: ago}, "agent_a: its time is over (" + ago.UTC().Format(time.RFC3339) + ", 1h0m0s ago): give one that is to come, or none to run it now"},
			"deadline over": {note{As: "agent_a"}, tasks.Options{Deadline: ago}, "agent_a: its deadline has passed (" + ago.UTC().Format(time.RFC3339) + ", 1h0m0s ago), and it would never run: give one that is to come, or none"},
			"negative":      {note{As: "agent_a"}, tasks.Options{Unique: -time.Second}, "agent_a: unique -1s and retention 0s must not be negative: give a duration, or leave it out"},
			"bad ID":        {note{As: "agent_a"}, tasks.Options{ID: "../x"}, `agent_a: task ID "../x": use at most 300 letters, digits and _.:@+-, starting with a letter or digit`},
		} {
			_, err := r.client.Enqueue(t.Context(), tc.args, tc.opts)
			if said := anHourAgo.ReplaceAllString(fmt.Sprint(err), "1h0m0s ago"); said != tc.want || !tasks.IsPermanent(err) {
				t.Errorf("%s: error %v, want a permanent one with %q", name, err, tc.want)
			}
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("refused tasks left %d keys", n)
		}
	})
}

func TestATaskWithAnIDOrUniqueIsAddedOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for i, opts := range []tasks.Options{{ID: "one"}, {Unique: time.Minute}} {
			args := note{As: "agent_a", Text: string(rune('a' + i))}
			if first := r.Enqueue(args, opts); first.Duplicate {
				t.Errorf("%+v: the first is called a duplicate", opts)
			}
			if second := r.Enqueue(args, opts); !second.Duplicate {
				t.Errorf("%+v: added twice", opts)
			}
		}
	})
}

func TestADelayedTaskWaitsForItsTime(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		at := time.Now().Add(time.Hour).Truncate(time.Second)
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{At: at})
		s, _, _ := r.client.Status(t.Context(), "agents", receipt.ID)
		if s.State != tasks.StateScheduled || !s.NextRun.Equal(at) {
			t.Errorf("status %+v, want scheduled at %s", s, at)
		}
	})
}

func TestAsynqmonFindsTheMirroredSchedule(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		next := time.Now().Add(time.Minute).Truncate(time.Second).UTC()
		prev := next.Add(-time.Hour)
		want := PeriodicEntry{ID: "source:docs", Spec: "@every 1h", Kind: "scrape_feed", Payload: []byte(`{"url":"http://x"}`), Options: []string{`Queue("scraping")`}, Next: next, Prev: prev}
		for range 2 { // a second scheduler shows nothing twice
			if err := NewMirror(client).Show(t.Context(), []PeriodicEntry{want}); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := asynq.NewInspectorFromRedisClient(client).SchedulerEntries()
		if err != nil || len(entries) != 1 {
			t.Fatalf("entries %v, err %v", entries, err)
		}
		e := entries[0]
		if e.ID != want.ID || e.Spec != want.Spec || e.Task.Type() != want.Kind || string(e.Task.Payload()) != string(want.Payload) ||
			!e.Next.Equal(next) || !e.Prev.Equal(prev) {
			t.Errorf("asynq reads %+v, want %+v", e, want)
		}
	})
}

func TestATasksProgressIsKeptAsLongAsTheTask(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		for _, progress := range []string{`{"done":1}`, `{"done":2}`} {
			if err := r.client.KeepProgress(t.Context(), &tasks.Task{ID: receipt.ID, Queue: "agents", Attempt: 1}, []byte(progress)); err != nil {
				t.Fatal(err)
			}
		}
		r.start(lane.Options{Queue: "agents", Concurrency: 1})
		if status := r.Await("agents", receipt.ID, inState(tasks.StateSucceeded)); string(status.Progress) != `{"done":2}` {
			t.Errorf("progress %s, want the latest", status.Progress)
		}
		r.discard("agents", receipt.ID)
		if err := r.client.KeepProgress(t.Context(), &tasks.Task{ID: receipt.ID, Queue: "agents", Attempt: 1}, []byte("{}")); err != nil {
			t.Error(err)
		}
		if n := client.Exists(t.Context(), format.Key("agents", "t:"+receipt.ID)).Val(); n != 0 {
			t.Error("a task that is gone came back")
		}
	})
}

func TestTheProgressThatWasToldLastIsKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		task := tasks.Task{ID: "x", Queue: "agents", Attempt: 2}
		arrives := func(attempt int, at int64, want string) {
			t.Helper()
			call, _ := json.Marshal(telling{attempt, at})
			if err := progressScript.Run(t.Context(), client, []string{format.TaskKey("agents", "x")}, call, fmt.Sprintf(`{"at":%d}`, at)).Err(); err != nil {
				t.Fatal(err)
			}
			if s, _, err := r.client.Status(t.Context(), "agents", "x"); err != nil || string(s.Progress) != want {
				t.Errorf("after what attempt %d told at %d it is %s, %v; want %s", attempt, at, s.Progress, err, want)
			}
		}
		arrives(1, 20, `{"at":20}`)
		arrives(1, 10, `{"at":20}`) // it was held up
		arrives(1, 20, `{"at":20}`)
		arrives(2, 5, `{"at":5}`)
		arrives(1, 30, `{"at":5}`)
		for i := range 100 {
			if err := r.client.KeepProgress(t.Context(), &task, fmt.Appendf(nil, "%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		if s, _, _ := r.client.Status(t.Context(), "agents", "x"); string(s.Progress) != "99" {
			t.Errorf("it is %s, want the latest", s.Progress)
		}
	})
}

func TestAProducerOfAnyLanguageReadsWhyAnAttemptFailed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, _ *tasks.Task, n note) (any, error) {
			switch n.Text {
			case "park":
				return nil, tasks.Parked("not now")
			case "die":
				return nil, tasks.Permanent(errors.New("no such account"))
			}
			return nil, errors.New("try later")
		}})
		r.start(lane.Options{Queue: "agents", Concurrency: 1})
		for text, want := range map[string]format.Failure{
			"park":  {Attempt: 1, Outcome: tasks.OutcomeParked, Message: "parked: not now"},
			"die":   {Attempt: 1, Outcome: tasks.OutcomeDead, Message: "no such account"},
			"retry": {Attempt: 1, Outcome: tasks.OutcomeRetried, Message: "try later"},
		} {
			receipt := r.Enqueue(note{As: "agent_a", Text: text}, tasks.Options{})
			r.Await("agents", receipt.ID, func(s tasks.Status) bool { return s.LastError != "" })
			raw, err := client.HGet(t.Context(), "asynq:{agents}:t:"+receipt.ID, "error").Bytes()
			var got format.Failure
			if err == nil {
				err = json.Unmarshal(raw, &got)
			}
			if age := time.Since(got.At); age < 0 || age > time.Minute {
				t.Errorf("%s: it failed %s ago", text, age)
			}
			if got.At = (time.Time{}); err != nil || got != want {
				t.Errorf("%s: read %s, %v; want %+v", text, raw, err, want)
			}
		}
	})
}
