package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAFileThatSaysNothingLeavesTheDefaults(t *testing.T) {
	for name, text := range map[string]string{
		"0 bytes": "", "white space": " \n\t\r\n", "a comment": "# redis:\n", "a BOM": "\ufeff", "an empty document": "---\n", "null": "null\n",
		"parts without a setting": "redis:\nqueues:\n  agents:\nagents:\n  scout:\nsources: ~\nlog: {level: }\n", "an empty mapping": "{}",
	} {
		c, err := Load(write(t, text), nil, nil)
		if err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("%s: %v, %+v; want the defaults", name, err, c)
		}
	}
}

func TestWhatAFileDoesNotSayKeepsItsDefault(t *testing.T) {
	c, err := Load(write(t, "queues: {agents: {fetchers: 1}, slow: {concurrency: 1}}\nagents: {scout: {limit: 3}}\n"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if q := c.Queues["agents"]; q.Concurrency != 4 || q.PerUser != 2 || q.Fetchers != 1 || len(c.Queues) != 5 {
		t.Errorf("queues %+v", c.Queues)
	}
	if a := c.Agents["scout"]; a.Runtime != "rank" || a.Limit != 3 {
		t.Errorf("agents %+v", c.Agents)
	}
}

func TestEveryKindOfSettingIsRead(t *testing.T) {
	c, err := Load(write(t, `
redis: {pool_size: 1_000}
user_day: {money: 2.5}
queues: {agents: {concurrency: "3"}}
policies: {scrape_page: {retries: 0, unique: 10m}}
routing: [{pattern: "slow_*", queue: default}]
models: {m: {api: openai-chat, model: no, temperature: 0, parameters: {day: 2026-01-02, number: 12345678901234567}}}
agents:
  base: &base {runtime: exec, command: [python3, 5], env: [PATH], limits: {cpu: 3s}}
  other: {<<: *base, env: [HOME], allow: {connect: []}}
schedule: {s: {spec: "0 8 * * *", kind: cleanup, start: 2030-06-01, end: 2030-06-02T08:00:00+02:00, payload: {day: 2026-01-02}}}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, other, m := c.Schedule["s"], c.Agents["other"], c.Models["m"]
	for name, got := range map[string][2]any{
		"number":    {c.Redis.PoolSize, 1000},
		"quoted":    {c.Queues["agents"].Concurrency, 3},
		"float":     {c.UserDay.Money, 2.5},
		"pointers":  {[]any{*c.Policies["scrape_page"].Retries, *c.Policies["scrape_page"].Unique, *m.Temperature}, []any{0, 10 * time.Minute, 0.0}},
		"list":      {c.Routing[0].Pattern, "slow_*"},
		"text":      {m.Model, "no"},
		"free":      {m.Parameters, map[string]any{"day": "2026-01-02", "number": 12345678901234567}},
		"argument":  {other.Command, []string{"python3", "5"}},
		"own":       {other.Env, []string{"HOME"}},
		"inline":    {other.Bounds.Limits.CPU, 3 * time.Second},
		"no ports":  {*other.Bounds.Allow.Connect, []uint16{}},
		"day":       {s.Start, time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC)},
		"moment":    {s.End.UTC(), time.Date(2030, 6, 2, 6, 0, 0, 0, time.UTC)},
		"a payload": {s.Payload, map[string]any{"day": "2026-01-02"}},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("%s: %#v, want %#v", name, got[0], got[1])
		}
	}
}

func TestWhatCannotBeReadIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"redis:\n  adress: x\nlog:\n  lvl: x":      "2: redis: unknown field \"adress\": use some of ca_file, cert_file, key_file, password, pool_size, prefix, url\n4: log: unknown field \"lvl\": use some of format, level",
		"log: {level: a, level: b}":                "1: log.level is given twice: keep one of them",
		"log: loud":                                `1: log "loud": give a mapping of some of format, level`,
		"queues: [agents]":                         "1: queues is a list: give a mapping of names, each with what it is",
		"queues: {agents: {concurrency: 4.5}}":     `1: queues.agents.concurrency "4.5": give a whole number, such as 20`,
		"worker: {drain: 5}":                       `1: worker.drain "5": give a duration with its unit, such as 30s`,
		"fetcher: {allow_private: maybe}":          `1: fetcher.allow_private "maybe": give true or false`,
		"routing: {a: b}":                          "1: routing is a mapping: give a list, such as [a, b]",
		"agents: {x: {command: [a, ~]}}":           "1: agents.x.command[1] is empty: give a value, or leave it out",
		"agents: {x: {allow: {connect: [70000]}}}": `1: agents.x.allow.connect[0] "70000": give a whole number of 0 to 65535`,
		"agents: {x: {schema: 5}}":                 `1: agents.x.schema "5": give an object, such as {user: ada}`,
		`agents: {x: {dir: "a\0b"}}`:               "1: agents.x.dir: give text, in UTF-8 and without a NUL",
		"schedule: {x: {start: tomorrow}}":         `1: schedule.x.start "tomorrow": give a time, such as 2030-06-01T09:00:00Z`,
		"schedule: {x: {payload: &a {b: *a}}}":     "1: schedule.x.payload cannot be read: use text for its keys, and no alias of what contains it",
		"models: {x: {price: {input: .nan}}}":      `1: models.x.price.input ".nan": give a number, such as 0.5`,
		"redis: {password: [hunter22]}":            "1: redis.password is a list: give text, in UTF-8 and without a NUL",
		"log: {level: info}\n---\nlog: {level: x}": "2: a second document begins here: put all settings into one",
		"- redis":    "1: the file is a list: give a mapping of some of agents, briefings, cache, celery, chats, control, documents, email, fetcher, log, mcp_servers, models, monitor, policies, queues, redis, routing, schedule, scheduler, sources, tasks, user_day, webhooks, worker",
		"? [a]\n: b": "1: the file: a list stands where a name is wanted: give text",
	} {
		path := write(t, text)
		_, err := Load(path, nil, nil)
		if got := strings.ReplaceAll(errorText(err), "configuration file "+path+":", ""); got != want {
			t.Errorf("%q: error\n%s\nwant\n%s", text, got, want)
		}
	}
	path := write(t, "redis: [")
	if _, err := Load(path, nil, nil); errorText(err) != "configuration file "+path+": line 1: this is not YAML: did not find expected node content" {
		t.Errorf("error %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

func FuzzAFileIsReadOrRefused(f *testing.F) {
	for _, text := range []string{"", "redis: {pool_size: 1}", "a: &a {b: *a}", "agents: &a {x: {<<: *a}}", "queues: &q {agents: {priorities: *q}}", "routing: [~, {policy: {retries: ~}}]", "models: {m: {price: {input: .inf}}}", "? {}\n: []", "schedule: {x: {payload: {y: !!binary x}}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(write(t, text), nil, nil)
		if err != nil {
			return
		}
		if _, err := c.Print(); err != nil {
			t.Fatal(err)
		}
	})
}
