package mailbox

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

var began = time.Date(2026, 11, 26, 15, 54, 8, 236823000, time.UTC)

func TestTasksAreToldOfAsByCelery(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	r.worker.tasks = map[Stage][]Request{
		Active:    {{ID: "a", Name: "scrape_page", Args: json.RawMessage(`["u"]`), Started: began, Queue: "celery", Priority: 3}},
		Reserved:  {{ID: "b", Name: "scrape_page", Kwargs: json.RawMessage(`{"url":"` + strings.Repeat("x", maxArguments) + `"}`)}},
		Scheduled: {{ID: "c", Name: "scrape_page", Args: json.RawMessage(`broken`), ETA: began, Priority: 6}},
	}
	pid := strconv.Itoa(os.Getpid())
	const rest = `"type":"scrape_page","hostname":"` + name + `",`
	active := `{"id":"a","name":"scrape_page","args":["u"],"kwargs":{},` + rest + `"time_start":1795708448.236823,"acknowledged":true,"delivery_info":{"exchange":"","routing_key":"celery","priority":3,"redelivered":null},"worker_pid":` + pid + `}`
	reserved := `{"id":"b","name":"scrape_page","args":[],"kwargs":"{\"url\":\"` + strings.Repeat("x", maxArguments-8) + `...",` + rest + `"time_start":null,"acknowledged":false,"delivery_info":{"exchange":"","routing_key":"","priority":0,"redelivered":null},"worker_pid":null}`
	scheduled := `{"eta":"2026-11-26T15:54:08.236823+00:00","priority":6,"request":{"id":"c","name":"scrape_page","args":"broken","kwargs":{},` + rest + `"time_start":null,"acknowledged":false,"delivery_info":{"exchange":"","routing_key":"","priority":6,"redelivered":null},"worker_pid":null}}`
	for _, c := range []struct{ command, arguments, want string }{
		{"active", `{"safe": null}`, "[" + active + "]"},
		{"dump_active", `{"safe": true}`, strings.NewReplacer(`["u"]`, `"[\"u\"]"`, `"kwargs":{}`, `"kwargs":"{}"`).Replace("[" + active + "]")},
		{"reserved", `{}`, "[" + reserved + "]"},
		{"scheduled", `{}`, "[" + scheduled + "]"},
		{"query_task", `{"ids": ["a", "b", "x"]}`, `{"a":["active",` + active + `],"b":["reserved",` + reserved + `]}`},
		{"revoked", `{}`, `["gone"]`},
		{"registered", `{"taskinfoitems": []}`, `["agent_scout [rate_limit=30/m]","scrape_page"]`},
		{"registered", `{"taskinfoitems": ["max_retries", "rate_limit"]}`, `["agent_scout [max_retries=2 rate_limit=30/m]","scrape_page"]`},
		{"conf", `{"with_defaults": false}`, `{"accept_content":["json"],"task_acks_late":true,"task_reject_on_worker_lost":true,"worker_concurrency":4,"worker_prefetch_multiplier":1,"worker_send_task_events":false}`},
		{"hello", `{"from_node": "` + name + `", "revoked": {}}`, `null`},
		{"election", `{"id": "1", "topic": "task"}`, `null`},
		{"heartbeat", `{}`, `null`},
	} {
		if got := r.ask(c.command, c.arguments); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.command, c.arguments, got, c.want)
		}
	}
}

func TestALongAnswerIsCut(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	for range 10_000 {
		r.worker.tasks[Active] = append(r.worker.tasks[Active], Request{ID: strings.Repeat("i", 1000)})
	}
	got := r.ask("active", "{}")
	var tasks []info
	if err := json.Unmarshal([]byte(got), &tasks); err != nil || len(got) > maxAnswer+maxAnswer/100 || len(tasks) < 300 {
		t.Errorf("%d bytes with %d tasks: %v", len(got), len(tasks), err)
	}
}

func TestAWorkerTellsItsFiguresAndQueues(t *testing.T) {
	r := run(t, redistest.Client(t, redistest.Mini(t).Addr()))
	r.events.Started("a", "scrape_page")
	r.events.Started("b", "scrape_page")
	var stats struct {
		Total  map[string]int
		Pool   map[string]any
		Broker map[string]string
	}
	if err := json.Unmarshal([]byte(r.ask("stats", "{}")), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Total["scrape_page"] != 2 || stats.Pool["max-concurrency"] != 4.0 || len(stats.Broker) != 2 || stats.Broker["transport"] != "redis" {
		t.Errorf("stats %+v", stats)
	}
	want := recorded[json.RawMessage](t, "queues.json")["celery"]
	var queues []any
	if err := json.Unmarshal([]byte(r.ask("active_queues", "{}")), &queues); err != nil || len(queues) != 1 {
		t.Fatalf("queues %v: %v", queues, err)
	}
	got, _ := json.Marshal(queues[0])
	if ordered, _ := json.Marshal(value(t, want)); string(got) != string(ordered) {
		t.Errorf("a queue is %s, want %s", got, ordered)
	}
}

// value returns what a JSON text says.
func value(t *testing.T, text json.RawMessage) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
