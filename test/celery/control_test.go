package celery

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"switchyard/test/redistest"
)

// TestCeleryControlsANodeAndReadsItsEvents has an application ask all there is to ask, and a monitor
// listen, which lives in another zone than the node.
func TestCeleryControlsANodeAndReadsItsEvents(t *testing.T) {
	for _, prefix := range []string{"", "app:"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			addr := redistest.Server(t).Addr
			serve(t, addr, prefix)
			said := answers{t: t}
			out := judge(t, []string{"TZ=America/New_York"}, "mailbox.py", "redis://"+addr+"/0", prefix)
			if err := json.Unmarshal(out, &said.all); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkAnswers(said)
			checkEvents(t, said.all["events"])
		})
	}
}

func checkAnswers(said answers) {
	for call, want := range map[string]string{
		"ping": `{"ok": "pong"}`, "glob": `{"ok": "pong"}`, "revoked": `["gone"]`, "registered": `["scrape_page [max_retries=3]"]`,
		"revoke": `{"ok": "tasks waits flagged as revoked"}`, "terminate": `{"ok": "terminate: runs"}`,
		"enable_events": `{"ok": "task events enabled"}`, "unknown": `{"error": "KeyError('self_destruct')"}`,
	} {
		said.want(call, want)
	}
	for call, got := range said.all {
		if strings.HasPrefix(call, "known ") && strings.Contains(string(got), "KeyError") {
			said.t.Errorf("%s: %s", call, got)
		}
	}
	for _, call := range []string{"pcre", "another"} { // other nodes are meant
		if got := string(said.all[call]); got != "[]" {
			said.t.Errorf("%s: %s", call, got)
		}
	}
	for call, part := range map[string]string{
		"active": `"args": ["\u00fc"], "kwargs": {}`, "active safe": `"args": "[\"\u00fc\"]"`, "reserved": `"id": "next"`,
		"scheduled": `"eta": "2027-01-02T03:04:05.000000+00:00"`, "stats": `"max-concurrency": 4`, "active_queues": `"name": "celery"`, "clock": `"clock": `,
		"query_task": `{"runs": ["active", {"id": "runs"`, "hello": `"revoked": {}`, "conf": `"worker_concurrency": 4`, "report": `switchyard config check`,
		"memsample": `metrics`, "shutdown": `SIGTERM`, "rate_limit": `per_user`, "pool_grow": `concurrency`, "add_consumer": `celery.queues`,
	} {
		if got := string(said.all[call]); !strings.Contains(got, part) || !strings.Contains(got, node) {
			said.t.Errorf("%s: %s has no %s", call, got, part)
		}
	}
}

func checkEvents(t *testing.T, events json.RawMessage) {
	t.Helper()
	type task struct {
		Name, State, Args, Kwargs, Worker string
		Result, Exception                 string
		Runtime                           float64
	}
	var told struct {
		Workers []struct {
			Hostname      string
			Alive         bool
			Active, Drift int
			Software      []string
		}
		Tasks map[string]task
	}
	if err := json.Unmarshal(events, &told); err != nil {
		t.Fatal(err)
	}
	if len(told.Workers) != 1 || told.Workers[0].Hostname != node || !told.Workers[0].Alive || told.Workers[0].Active != 1 ||
		told.Workers[0].Drift != 0 || strings.Join(told.Workers[0].Software, " ") != "switchyard 1.2.3 Linux" {
		t.Errorf("workers %+v", told.Workers)
	}
	each := task{Name: "scrape_page", Args: "('ü',)", Kwargs: "{}", Worker: node}
	want := map[string]task{"good": each, "bad": each, "again": each, "unwanted": each}
	for id, adjust := range map[string]func(*task){
		"good":     func(t *task) { t.State, t.Result, t.Runtime = "SUCCESS", "'done'", 1.5 },
		"bad":      func(t *task) { t.State, t.Exception = "FAILURE", "ValueError('no')" },
		"again":    func(t *task) { t.State, t.Exception = "RETRY", "ValueError('not yet')" },
		"unwanted": func(t *task) { t.State = "REVOKED" },
	} {
		ended := want[id]
		adjust(&ended)
		want[id] = ended
	}
	if !reflect.DeepEqual(told.Tasks, want) {
		t.Errorf("tasks %+v\nwant %+v", told.Tasks, want)
	}
}
