package config

import (
	"strings"
	"testing"
)

func TestWhatWouldFailLaterIsRefusedNow(t *testing.T) {
	const agent = "agents: {x: {runtime: exec, command: [sh], "
	for text, want := range map[string]string{
		"monitor: {listen: '127.0.0.1:70000'}":                                      `monitor.listen "127.0.0.1:70000": use a port of 0 to 65535`,
		"worker: {listen: '127.0.0.1:-1'}":                                          `worker.listen "127.0.0.1:-1": use a port of 0 to 65535`,
		"scheduler: {listen: '127.0.0.1:no-such-service'}":                          `scheduler.listen "127.0.0.1:no-such-service": use a port of 0 to 65535`,
		"redis: {url: 'redis://h:99999'}":                                           `redis, from FILE: redis URL redis://h:99999: host "h:99999": use a port of 1 to 65535`,
		"redis: {url: 'redis://u:pw@h:0'}":                                          `redis, from FILE: redis URL redis://(hidden)@h:0: host "h:0": use a port of 1 to 65535`,
		"redis: {url: 'redis-cluster://a:1,b:99999,c:1'}":                           `redis, from FILE: redis URL redis-cluster://a:1,b:99999,c:1: host "b:99999": use a port of 1 to 65535`,
		"redis: {url: 'redis-sentinel://a:1,b:0/m'}":                                `redis, from FILE: redis URL redis-sentinel://a:1,b:0/m: host "b:0": use a port of 1 to 65535`,
		"redis: {url: 'redis-cluster://a?addr=b:0'}":                                `redis, from FILE: redis URL redis-cluster://a?addr=(hidden): host "b:0": use a port of 1 to 65535`,
		"redis: {url: 'redis://h/-1'}":                                              "redis, from FILE: redis URL redis://h/-1: database -1: use 0 or more",
		"redis: {url: 'redis-cluster://h/3'}":                                       "redis, from FILE: redis URL redis-cluster://h/3: a Cluster has no databases: leave out what follows the hosts",
		`redis: {prefix: "a\tb"}`:                                                   `redis.prefix "a\tb": leave out braces and white space`,
		"sources: {x: {url: 'http://:80/', every: 1h}}":                             `sources.x.url "http://:80/" names no host: give one, such as https://example.com/v1`,
		"sources: {x: {url: 'http://h:0/?k=v', every: 1h}}":                         `sources.x.url "http://h:0/?k=(hidden)" has the port 0: use 1 to 65535`,
		"models: {x: {api: openai-chat, model: m, base_url: 'http://u:p@h:70000'}}": `models.x: base_url "http://(hidden)@h:70000" has the port 70000: use 1 to 65535`,
		"models: {x: {api: openai-chat, model: m, key_env: 'A=hunter22'}}":          `models.x.key_env: "A" is followed by a value: name the variable alone, and set it where the workers run`,
		"models: {x: {api: openai-chat, model: m, headers_env: {B: $A}}}":           "models.x.headers_env.B: this is no name of a variable: give one, such as SERVICE_KEY",
		"mcp_servers: {x: {url: 'ws://h?token=t'}}":                                 `mcp_servers.x: url "ws://h?token=(hidden)": give an http or https URL, such as https://example.com/v1`,
		agent + "env: [PATH, 'A=hunter22']}}":                                       `agents.x.env: "A" is followed by a value: name the variable alone, and set it where the workers run`,
		"worker: {poll: 5000h}":                                                     "worker.poll is 5000h0m0s: use 10ms to 1h0m0s",
		"worker: {drain: -1s}":                                                      "worker.drain is -1s: use 0s to 24h0m0s",
		"scheduler: {claim_lease: 0s}":                                              "scheduler.claim_lease is 0s: use 10ms to 1h0m0s",
		"cache: {ttl: 2000000h}":                                                    "cache.ttl is 2000000h0m0s: use 10ms to 87600h0m0s",
		"briefings: {items: 101}":                                                   "briefings.items is 101: use 1 to 100",
		"tasks: {max_payload: 99999999999}":                                         "tasks.max_payload is 99999999999: use 1 to 268435456",
		`fetcher: {user_agent: "a\nb"}`:                                             `fetcher.user_agent "a\nb": leave out control characters, it is a header`,
		"briefings: {dir: ''}":                                                      "briefings.dir is empty: name a directory, such as briefings",
		"queues: {a: {concurrency: 1, priorities: {a: 1, h: 1}}, b: {concurrency: 1, priorities: {b: 1, h: 1}}}": "queues.b.priorities: h is on the slots of a already: leave one out",
		"queues: {a: {concurrency: 1, priorities: {a: 1, agents: 1}}}":                                           "queues.a.priorities: agents is a queue with slots of its own: leave one out",
		"queues: {a: {concurrency: 1, priorities: {a: 1001}}}":                                                   `queues.a.priorities: "a": 1001: use a queue name and a weight of 1 to 1000`,
	} {
		path := write(t, text)
		_, err := Load(path, nil, nil)
		if got := strings.ReplaceAll(errorText(err), "from "+path, "from FILE"); got != want {
			t.Errorf("%s: error\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestWhatIsOddAndWorksIsAccepted(t *testing.T) {
	for _, text := range []string{
		"monitor: {listen: '127.0.0.1:0'}", "worker: {listen: ':9101'}", "worker: {listen: '[::1]:http'}", "worker: {drain: 0s}",
		"redis: {url: 'redis://:6379'}", "redis: {url: 'redis-cluster://a,b:1/0'}", "redis: {url: 'unix:///run/redis.sock?db=1'}", "redis: {url: 'redis-sentinel://a,b:1/m/3'}", "redis: {url: 'redis://h?db=2'}",
		"redis: {url: 'rediss://h', ca_file: /on/another/machine}",
		"models: {x: {api: openai-chat, model: m, base_url: 'http://u:p@h:1'}}",
	} {
		if _, err := Load(write(t, text), nil, nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
