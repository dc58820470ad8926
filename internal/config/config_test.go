package config

import (
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
		"malformed":       {yaml: "redis: [", want: "configuration file"},
		"unknown key":     {yaml: "redis:\n  adress: x\n", want: `unknown field "adress"`},
		"wrong type":      {yaml: "redis:\n  pool_size: many\n", want: `line 2, column 14: "many" is not a whole number`},
		"unknown env":     {environ: "SWITCHYARD_REDIS_ULR=x", want: "SWITCHYARD_REDIS_ULR is unknown"},
		"bad env":         {environ: "SWITCHYARD_REDIS_POOL_SIZE=x", want: `SWITCHYARD_REDIS_POOL_SIZE: "x" is not a whole number such as 20`},
		"bad duration":    {environ: "SWITCHYARD_WORKER_DRAIN=soon", want: `SWITCHYARD_WORKER_DRAIN: "soon" is not a duration such as 30s`},
		"pool size":       {yaml: "redis: {pool_size: 0}", want: "redis.pool_size is 0: use 1"},
		"scheme":          {yaml: "redis: {url: 'http://x'}", want: "use redis, rediss"},
		"log level":       {yaml: "log: {level: loud}", want: `log.level "loud": use debug`},
		"log format":      {yaml: "log: {format: xml}", want: `log.format "xml"`},
		"concurrency":     {yaml: "queues: {agents: {concurrency: 0}}", want: "queues.agents.concurrency is 0"},
		"fetchers":        {yaml: "queues: {agents: {concurrency: 1, fetchers: -1}}", want: "queues.agents.fetchers is -1"},
		"queue name":      {yaml: "queues: {'A B': {concurrency: 1}}", want: `name "A B"`},
		"priorities":      {yaml: "queues: {agents: {concurrency: 1, priorities: {other: 1}}}", want: "lacks agents itself"},
		"rule":            {yaml: "routing: [{pattern: x, queue: nowhere}]", want: `unknown queue "nowhere"`},
		"briefings agent": {yaml: "briefings: {agent: nobody}", want: `briefings.agent "nobody"`},
		"address":         {yaml: "monitor: {listen: '8080'}", want: "monitor.listen"},
		"cron":            {yaml: "schedule: {a: {spec: '61 * * * *', kind: x}}", want: "61"},
		"zone":            {yaml: "schedule: {a: {spec: '* * * * *', zone: Mars/Olympus, kind: x}}", want: "Mars/Olympus"},
		"catch up":        {yaml: "schedule: {a: {spec: '* * * * *', kind: x, catch_up: some}}", want: "some"},
		"source":          {yaml: "sources: {a: {url: 'ftp://x', every: 5m}}", want: "sources.a.url"},
		"source interval": {yaml: "sources: {a: {url: 'http://x'}}", want: "source:a"},
		"duration":        {yaml: "briefings: {patience: 0s}", want: "briefings.patience is 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, tc.yaml), []string{tc.environ}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
	if _, err := Load("/does/not/exist.yaml", nil, nil); err == nil || !strings.Contains(err.Error(), "/does/not/exist.yaml") {
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
	for _, url := range []string{"redis://a:hunter2@h:notaport", "http://a:hunter2@h", "redis://a:hunter2@h:1/notadb", "redis-sentinel://a:hunter2@h:1"} {
		_, err := Load(write(t, "redis: {url: '"+url+"'}"), nil, nil)
		if err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v", url, err)
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
