package mailbox

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestEventsHaveTheFieldsThatACeleryWorkerGivesThem(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client, func(o *EventOptions) { o.Tasks = true })
		online := r.next("worker.online")[0]
		if online["hostname"] != name || online["sw_ident"] != "switchyard" || online["sw_ver"] != "1.2.3" || online["freq"] != 3600.0 || online["active"] != 2.0 {
			t.Errorf("online %v", online)
		}
		r.events.Received(Received{ID: "a", Name: "scrape_page", Args: "('u',)", Kwargs: "{}", Root: "a", ETA: began})
		r.events.Started("a", "scrape_page")
		r.events.Succeeded("a", "3", 4*time.Second)
		told := r.next("task.multi")
		for _, e := range append(told, online) {
			kind := e["type"].(string)
			want := map[string]any{}
			body := value(t, bodyOf(t, recorded[string](t, "sent.json")[kind]))
			if list, is := body.([]any); is {
				body = list[0]
			}
			maps.Copy(want, body.(map[string]any))
			delete(want, "utcoffset") // see Events.event
			if got, want := slices.Sorted(maps.Keys(e)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
				t.Errorf("%s has %v, want %v", kind, got, want)
			}
			if told := time.UnixMicro(int64(e["timestamp"].(float64) * 1e6)); time.Since(told).Abs() > time.Minute {
				t.Errorf("%s is of %s", kind, told)
			}
		}
		if len(told) != 3 || told[0]["eta"] != "2026-11-26T15:54:08.236823+00:00" || told[0]["clock"].(float64) >= told[2]["clock"].(float64) {
			t.Errorf("told %v", told)
		}
		r.events.beat()
		if e := r.next("worker.heartbeat")[0]; e["processed"] != 1.0 {
			t.Errorf("heartbeat %v", e)
		}
	})
}

func TestEventsOfTasksAreToldWhileSomebodyWantsThem(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	r.events.Started("before", "x")
	for _, c := range []struct{ command, want string }{
		{"enable_events", `{"ok":"task events enabled"}`}, {"enable_events", `{"ok":"task events already enabled"}`},
	} {
		if got := r.ask(c.command, "{}"); got != c.want {
			t.Errorf("%s: %s", c.command, got)
		}
	}
	r.events.Retried("a", "ValueError('no')", "Traceback")
	r.events.Failed("b", "ValueError('no')", "Traceback")
	r.events.Revoked("c", true, false)
	if got := r.next("task.multi"); len(got) != 3 || got[0]["exception"] != "ValueError('no')" || got[1]["traceback"] != "Traceback" || got[2]["signum"] != 15.0 || got[2]["terminated"] != true {
		t.Errorf("told %v", got)
	}
	if got := r.ask("disable_events", "{}"); got != `{"ok":"task events disabled"}` {
		t.Errorf("disable_events: %s", got)
	}
	r.events.Started("unwanted", "x")
	r.ask("enable_events", "{}")
	r.events.Started("wanted", "x")
	if got := r.next("task.multi"); len(got) != 1 || got[0]["uuid"] != "wanted" {
		t.Errorf("told %v", got)
	}
}

func TestManyEventsTravelTogetherAndInOrder(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client, func(o *EventOptions) { o.Tasks = true })
		const all = 1050
		for i := range all {
			r.events.Started(strconv.Itoa(i), "x")
		}
		messages := 0
		for next := 0; next < all; messages++ {
			for _, e := range r.next("task.multi") {
				if e["uuid"] != strconv.Itoa(next) {
					t.Fatalf("event %v came in the place of %d", e, next)
				}
				next++
			}
		}
		if messages > 25 {
			t.Errorf("%d events travelled in %d messages", all, messages)
		}
	})
}

func TestEventsOutlastAnOutageAndBeyondThatAreCounted(t *testing.T) {
	mini := redistest.Mini(t)
	r := run(t, redistest.Client(t, mini.Addr()), func(o *EventOptions) { o.Tasks, o.Heartbeat = true, 10*time.Millisecond })
	mini.SetError("OOM")
	for i := range maxEvents + 7 {
		r.events.Started(strconv.Itoa(i), "x")
	}
	r.await("the line about what was dropped", func() bool {
		for _, line := range r.lines.FilterMessageSnippet("were dropped").All() {
			return line.ContextMap()["events"] == int64(7)
		}
		return false
	})
	mini.SetError("")
	for next := 0; next < maxEvents; {
		for _, e := range r.next("task.multi") {
			if e["uuid"] != strconv.Itoa(next) {
				t.Fatalf("event %v came in the place of %d", e, next)
			}
			next++
		}
	}
}

func TestAWorkerThatStopsTellsWhatIsLeftAndThatItHasGone(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client, func(o *EventOptions) { o.Tasks = true })
		r.next("worker.online")
		r.events.Started("a", "x")
		r.stop()
		r.next("task.multi")
		r.next("worker.offline")
	})
}
