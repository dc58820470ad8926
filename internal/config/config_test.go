package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "switchyard.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheDefaultsAreValid(t *testing.T) {
	c, err := Load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.URL != "" || c.Redis.PoolSize != 20 || c.Cache.TTL != 300*time.Second || c.Worker.Drain != 30*time.Second {
		t.Errorf("defaults %+v", c)
	}
}

func TestFlagsWinOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	path := write(t, `
redis: {url: "redis://file:1", pool_size: 5}
log: {level: error}
queues:
  agents: {concurrency: 2}
  slow: {concurrency: 1, priorities: {slow: 1, slow_high: 5}}
routing:
  - {pattern: "agent_slow_*", queue: slow, policy: {retries: 0, hard_limit: 1h, soft_limit: 50m}}
agents:
  job_scout: {runtime: rank, limit: 3, max_age: 48h}
sources:
  news: {url: "https://example.org/feed", every: 15m}
schedule:
  nightly: {spec: "0 3 * * *", zone: Europe/Berlin, kind: cleanup, payload: {deep: true}, catch_up: none}
`)
	environ := []string{"SWITCHYARD_REDIS_URL=redis://environment:2", "SWITCHYARD_LOG_LEVEL=debug", "HOME=/x"}
	c, err := Load(path, environ, func(c *Config) { c.Log.Level = "warn" })
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.URL != "redis://environment:2" || c.Redis.PoolSize != 5 || c.Log.Level != "warn" {
		t.Errorf("redis %+v, log %+v", c.Redis, c.Log)
	}
	if c.Queues["agents"].Concurrency != 2 || c.Queues["agents"].PerUser != 2 || c.Queues["scraping"].Concurrency != 8 {
		t.Errorf("a queue in the file dropped the others, or its own defaults: %+v", c.Queues)
	}
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := table.Route("agent_slow_one"); r.Queue != "slow" || r.Policy.Retries != 0 || r.Policy.HardLimit != time.Hour {
		t.Errorf("route %+v", r)
	}
	entries, err := c.Entries()
	if err != nil || len(entries) != 2 || entries[0].ID != "source:news" || string(entries[1].Payload) != `{"deep":true}` {
		t.Errorf("entries %+v, %v", entries, err)
	}
}

func TestWhatIsWrongIsNamedWithItsRemedy(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, environ, want string }{
		"malformed":       {yaml: "redis: [", want: "configuration file FILE: line 1: this is not YAML: did not find expected node content"},
		"unknown key":     {yaml: "redis:\n  adress: x\n", want: `configuration file FILE:2: redis: unknown field "adress": use some of ca_file, cert_file, key_file, password, pool_size, prefix, url`},
		"wrong type":      {yaml: "redis:\n  pool_size: many\n", want: `configuration file FILE:2: redis.pool_size "many": give a whole number, such as 20`},
		"unknown env":     {environ: "SWITCHYARD_REDIS_ULR=x", want: "environment: SWITCHYARD_REDIS_ULR is unknown: remove it, or use one of SWITCHYARD_REDIS_CA_FILE, SWITCHYARD_REDIS_CERT_FILE, SWITCHYARD_REDIS_KEY_FILE, SWITCHYARD_REDIS_PASSWORD, SWITCHYARD_REDIS_POOL_SIZE, SWITCHYARD_REDIS_PREFIX, SWITCHYARD_REDIS_URL"},
		"bad env":         {environ: "SWITCHYARD_REDIS_POOL_SIZE=x", want: `environment: SWITCHYARD_REDIS_POOL_SIZE "x": give a whole number, such as 20`},
		"bad duration":    {environ: "SWITCHYARD_WORKER_DRAIN=soon", want: `environment: SWITCHYARD_WORKER_DRAIN "soon": give a duration with its unit, such as 30s`},
		"pool size":       {yaml: "redis: {pool_size: 0}", want: "redis.pool_size is 0: use 1 to 10000"},
		"scheme":          {yaml: "redis: {url: 'http://x'}", want: `redis, from FILE: redis URL scheme "http": use redis, rediss, redis-sentinel, redis-cluster or unix`},
		"log level":       {yaml: "log: {level: loud}", want: `log.level "loud": use debug, info, warn or error`},
		"log format":      {yaml: "log: {format: xml}", want: `log.format "xml": use auto, json or console`},
		"concurrency":     {yaml: "queues: {agents: {concurrency: 0}}", want: "queues.agents.concurrency is 0: use 1 to 10000"},
		"fetchers":        {yaml: "queues: {agents: {concurrency: 1, fetchers: -1}}", want: "queues.agents.fetchers is -1: use 1 to 1000, or leave it out"},
		"queue name":      {yaml: "queues: {'A B': {concurrency: 1}}", want: `queues: name "A B": use up to 50 lower-case letters, digits, _ and -`},
		"priorities":      {yaml: "queues: {agents: {concurrency: 1, priorities: {other: 1}}}", want: "queues.agents.priorities lacks agents itself: give it a weight too"},
		"rule":            {yaml: "routing: [{pattern: x, queue: nowhere}]", want: `routing rule 1: pattern "x": unknown queue "nowhere": use one of agents, briefings, default, scraping`},
		"briefings agent": {yaml: "briefings: {agent: nobody}", want: `briefings.agent "nobody" is not among agents: use one of scout`},
		"address":         {yaml: "monitor: {listen: '8080'}", want: `monitor.listen "8080": give host:port, such as 127.0.0.1:8080`},
		"charts":          {yaml: "monitor: {prometheus: 'localhost:9090'}", want: `monitor.prometheus "localhost:9090": give an http or https URL, such as https://example.com/v1`},
		"traces":          {yaml: "monitor: {traces: 'https://traces.example.org/'}", want: `monitor.traces "https://traces.example.org/": give the address of a page with {trace} in place of a trace's ID, such as https://traces.example.org/trace/{trace}`},
		"traces' scheme":  {yaml: "monitor: {traces: 'javascript:{trace}'}", want: `monitor.traces "javascript:{trace}": give the address of a page with {trace} in place of a trace's ID, such as https://traces.example.org/trace/{trace}`},
		"traces' secret":  {yaml: "monitor: {traces: 'https://ada:hidden@traces.example.org/{trace}'}", want: "monitor.traces has a user or a password: leave them out, such as https://traces.example.org/trace/{trace}, for pages show the address"},
		"charts' secret":  {yaml: "monitor: {prometheus: 'http://ada:hidden@localhost:9090'}", want: "monitor.prometheus has a user, a password, a query or a fragment: leave them out, such as http://127.0.0.1:9090, for pages show the address; a proxy may sign in for the monitor"},
		"bound sign-in":   {yaml: "monitor: {users: [{name: a, user: ada}, {name: b, user: '*'}]}", want: `monitor.users[1].user: user "*" stands for everyone: give the id of one user`},
		"bound to nobody": {yaml: "monitor: {users: [{name: a, user: ''}]}", want: "monitor.users[0].user is empty: give a user id, or leave the key out for a sign-in that is for all"},
		"cron":            {yaml: "schedule: {a: {spec: '61 * * * *', kind: x}}", want: `schedule: entry a: spec "61 * * * *": minute "61" is not valid, "61" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5`},
		"zone":            {yaml: "schedule: {a: {spec: '* * * * *', zone: Mars/Olympus, kind: x}}", want: `schedule: entry a: zone "Mars/Olympus" is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC`},
		"catch up":        {yaml: "schedule: {a: {spec: '* * * * *', kind: x, catch_up: some}}", want: `schedule: entry a: catch_up "some": use latest, none or all`},
		"source":          {yaml: "sources: {a: {url: 'ftp://x', every: 5m}}", want: `sources.a.url "ftp://x": give an http or https URL, such as https://example.com/v1`},
		"source kind":     {yaml: "sources: {a: {url: 'http://x', every: 5m, kind: feeds}}", want: `sources.a.kind is "feeds": use one of feed, sitemap, site`},
		"source interval": {yaml: "sources: {a: {url: 'http://x'}}", want: `sources.a: entry source:a: spec "@every 0s": interval "0s": give a whole number of seconds, from 1s to 8784h0m0s`},
		"duration":        {yaml: "briefings: {patience: 0s}", want: "briefings.patience is 0s: use 10ms to 24h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, tc.yaml)
			_, err := Load(file, []string{tc.environ}, nil)
			if got := strings.ReplaceAll(fmt.Sprint(err), file, "FILE"); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
	if _, err := Load("/does/not/exist.yaml", nil, nil); fmt.Sprint(err) != "configuration file: open /does/not/exist.yaml: no such file or directory" {
		t.Errorf("missing file: %v", err)
	}
}

func TestNoSecretIsPrintedOrNamedInAnError(t *testing.T) {
	c, err := Load(write(t, `
redis: {url: "redis://ada:hunter2@h:1", password: hunter3}
monitor: {users: [{name: op, password_hash: hunter4, role: operator}]}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "hunter") || !strings.Contains(text, "(hidden)") || !strings.Contains(text, "pool_size: 20") {
		t.Errorf("printed:\n%s", text)
	}
	for url, want := range map[string]string{
		"redis://a:hunter2@h:notaport":   "redis URL cannot be parsed: give redis://[user:password@]host:port[/db], special characters percent-encoded",
		"http://a:hunter2@h":             `redis URL scheme "http": use redis, rediss, redis-sentinel, redis-cluster or unix`,
		"redis://a:hunter2@h:1/notadb":   `redis URL redis://(hidden)@h:1/notadb: redis: invalid database number: "notadb": correct it, or leave it out`,
		"redis-sentinel://a:hunter2@h:1": "redis URL redis-sentinel://(hidden)@h:1: name the master after the hosts: redis-sentinel://host:26379/mymaster",
	} {
		file := write(t, "redis: {url: '"+url+"'}")
		if _, err := Load(file, nil, nil); fmt.Sprint(err) != "redis, from "+file+": "+want {
			t.Errorf("%s:\n got %v\nwant %s", url, err, want)
		}
	}
}

func TestThePrintedConfigurationCanBeReadBack(t *testing.T) {
	c, err := Load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(write(t, text), nil, nil); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
