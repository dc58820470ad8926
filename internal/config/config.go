// Package config reads the configuration: one optional YAML file, then the environment,
// then flags, into one struct that is validated as a whole.
//
// The zero-effort configuration works: every value has a default. Errors name the key,
// the value and what would be right.
package config

import (
	"time"

	"switchyard/internal/deployment"
	"switchyard/internal/hosts"
	"switchyard/internal/llm"
	"switchyard/internal/mail"
	"switchyard/internal/routing"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/usage"
)

// Config is everything that can be configured. A scalar at redis.pool_size in the file
// is SWITCHYARD_REDIS_POOL_SIZE in the environment.
type Config struct {
	Redis     Redis     `yaml:"redis"`
	Control   Control   `yaml:"control"`
	Log       Log       `yaml:"log"`
	Worker    Worker    `yaml:"worker"`
	Scheduler Scheduler `yaml:"scheduler"`
	Monitor   Monitor   `yaml:"monitor"`
	Cache     Cache     `yaml:"cache"`
	Tasks     Tasks     `yaml:"tasks"`
	Fetcher   Fetcher   `yaml:"fetcher"`
	Webhooks  Webhooks  `yaml:"webhooks"`
	Celery    Celery    `yaml:"celery"`
	Documents Documents `yaml:"documents"`
	Briefings Briefings `yaml:"briefings"`
	Email     Email     `yaml:"email,omitempty"`

	// Chats are where briefings can go, by the names that users' preferences have.
	Chats map[string]Chat `yaml:"chats,omitempty"`
	// Queues are consumed with their own concurrency each.
	Queues map[string]Queue `yaml:"queues"`
	// Routing is asked before the built-in rules.
	Routing []routing.Rule `yaml:"routing,omitempty"`
	// Policies change single kinds.
	Policies map[string]routing.Patch `yaml:"policies,omitempty"`
	// Own are the policies that a program gives to kinds of its own. Policies has the last word.
	Own map[string]routing.Patch `yaml:"-"`
	// Models are what agents of the runtime llm ask, by the names that these give.
	Models map[string]llm.Definition `yaml:"models,omitempty"`
	// UserDay is what the agents of one user may spend on models in a day of UTC; a part that
	// is 0 has no limit.
	UserDay usage.Amount `yaml:"user_day,omitempty"`
	// MCPServers have tools for such agents.
	MCPServers map[string]agents.Server `yaml:"mcp_servers,omitempty"`
	// Agents gives each name the kind agent_<name>.
	Agents map[string]agents.Definition `yaml:"agents"`
	// Sources are read on their own schedule.
	Sources map[string]Source `yaml:"sources,omitempty"`
	// Schedule holds further entries, by ID.
	Schedule map[string]Entry `yaml:"schedule,omitempty"`
}

// Redis says how to reach Redis; see package cache for the forms of the URL.
type Redis struct {
	URL string `yaml:"url"`
	// From says who has given the URL: --redis, the name of a variable or that of the file; ""
	// if nobody has.
	From     string `yaml:"-"`
	Password Secret `yaml:"password,omitempty"`
	PoolSize int    `yaml:"pool_size"`
	CAFile   string `yaml:"ca_file,omitempty"`
	CertFile string `yaml:"cert_file,omitempty"`
	KeyFile  string `yaml:"key_file,omitempty"`
	// Prefix starts every key that is not asynq's. So it does not separate queues: two
	// deployments in one database need other queue names as well.
	Prefix string `yaml:"prefix"`
}

// Control says which deployment this is, and how it is reached on the control channels.
type Control struct {
	// Namespace names the deployment: all daemons that share a Redis, a prefix and this. ""
	// is its prefix and database, such as switchyard/0.
	Namespace string `yaml:"namespace,omitempty"`
	// Channels says whether messages on agent:pause:* and agent:resume:* are obeyed: auto,
	// unless another deployment on the Redis server does; obey, in any case; or ignore.
	Channels deployment.Mode `yaml:"channels"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // auto, json, console
}

// Worker configures cmd/worker.
type Worker struct {
	Listen string        `yaml:"listen"` // health and metrics
	Drain  time.Duration `yaml:"drain"`  // from the first signal to handing back
	Poll   time.Duration `yaml:"poll"`   // of an idle lane
}

// Scheduler configures cmd/scheduler.
type Scheduler struct {
	Listen     string        `yaml:"listen"`
	Batch      int           `yaml:"batch"`       // entries claimed at once
	ClaimLease time.Duration `yaml:"claim_lease"` // after which another may take over
	// Owner is whose the entries of this file are, the deployment if empty: of several files on one
	// Redis, each has its own.
	Owner string `yaml:"owner,omitempty"`
}

// Monitor configures cmd/monitor.
type Monitor struct {
	Listen string `yaml:"listen"`
	// Users may sign in. Without any it listens on loopback only.
	Users []MonitorUser `yaml:"users,omitempty"`
	// Prometheus is the URL of the server that asynqmon draws its charts from.
	Prometheus string `yaml:"prometheus,omitempty"`
	// Traces is the address where a trace is looked at, with {trace} in place of its ID.
	Traces string `yaml:"traces,omitempty"`
	// Proxies in front of it, as addresses or networks. Their X-Forwarded-For is believed.
	Proxies []string `yaml:"proxies,omitempty"`
	// Origins are the sites whose pages may ask the HTTP API with a token, exactly as browsers send
	// them, such as https://app.example.
	Origins []string `yaml:"origins,omitempty"`
	// Pages says that the pages and asynqmon are served beside the HTTP API.
	Pages bool `yaml:"pages"`
	// Connections is how many connections it keeps open at once: one for each page that is read,
	// each request that waits and each stream that is followed.
	Connections int `yaml:"connections"`
}

// MonitorUser may look (reader) or also act (operator).
type MonitorUser struct {
	Name         string `yaml:"name"`
	PasswordHash Secret `yaml:"password_hash"`
	Role         string `yaml:"role"`
	// User is the user of the system for whom alone the sign-in is; nil: it is for all.
	User *string `yaml:"user,omitempty"`
}

// Cache configures the shared cache.
type Cache struct {
	TTL time.Duration `yaml:"ttl"`
}

// Tasks bounds what is accepted.
type Tasks struct {
	MaxPayload int `yaml:"max_payload"` // bytes
}

// Fetcher configures how pages are fetched.
type Fetcher struct {
	UserAgent    string        `yaml:"user_agent"`
	Timeout      time.Duration `yaml:"timeout"`
	MaxBody      int64         `yaml:"max_body"`    // bytes as sent
	MaxDecoded   int64         `yaml:"max_decoded"` // bytes decompressed
	AllowPrivate bool          `yaml:"allow_private"`
	Politeness   Politeness    `yaml:"politeness"`
}

// Webhooks configures how addresses are told of the ends of tasks.
type Webhooks struct {
	// Secret signs what they are told, as Standard Webhooks describe: whsec_ and base64. Without it
	// nobody is told.
	Secret Secret `yaml:"secret,omitempty"`
	// Allow are the only hosts that are told; none: all that are public.
	Allow []string `yaml:"allow,omitempty"`
	// AllowPrivate lets addresses of loopback and private networks be told. With it, whoever may send
	// tasks with notify can post to the services of this network.
	AllowPrivate bool `yaml:"allow_private"`
}

// Documents configures the store of what was scraped.
type Documents struct {
	TTL time.Duration `yaml:"ttl"`
}

// Briefings configures how briefings are made.
type Briefings struct {
	Agent     string        `yaml:"agent"`            // that ranks, by its name
	Digest    string        `yaml:"digest,omitempty"` // that writes the texts; "": the pages are quoted
	Items     int           `yaml:"items"`
	Patience  time.Duration `yaml:"patience"`   // with each agent
	FirstSpan time.Duration `yaml:"first_span"` // of a user's first briefing
	Dir       string        `yaml:"dir"`        // of the channel "file"
	Keep      time.Duration `yaml:"keep"`       // how long they can be read
	PerUser   int           `yaml:"per_user"`   // how many of a user
	// URL is where readers reach the monitor, such as https://briefings.example. "": briefings have
	// no links to their pages.
	URL string `yaml:"url,omitempty"`
}

// Queue is one queue's share of a worker.
type Queue struct {
	Concurrency int `yaml:"concurrency"`
	// Fetchers is how many tasks are taken in one round trip; 0 leaves it to the concurrency.
	Fetchers int `yaml:"fetchers,omitempty"`
	// PerUser is how many tasks of one user run at once, in all workers together. 0 means 2
	// in the queue agents, and any number elsewhere.
	PerUser int `yaml:"per_user,omitempty"`
	// Priorities are sibling queues on the same slots, by weight.
	Priorities map[string]int `yaml:"priorities,omitempty"`
}

// Source is a page or a feed that is read again and again.
type Source struct {
	URL string `yaml:"url"`
	// Kind says what is at URL: feed, sitemap or site. "" means feed.
	Kind  string        `yaml:"kind,omitempty"`
	Every time.Duration `yaml:"every"`
}

// agentsPerUser leaves half of the slots of one worker's default to other users.
const agentsPerUser = 2

// Default returns the configuration that holds where nothing else is said.
func Default() Config {
	return Config{
		Redis:     Redis{PoolSize: 20, Prefix: "switchyard:"},
		Control:   Control{Channels: deployment.Auto},
		Log:       Log{Level: "info", Format: "auto"},
		Worker:    Worker{Listen: "127.0.0.1:9101", Drain: 30 * time.Second, Poll: time.Second},
		Scheduler: Scheduler{Listen: "127.0.0.1:9102", Batch: 250, ClaimLease: 10 * time.Second},
		Monitor:   Monitor{Listen: "127.0.0.1:8080", Pages: true, Connections: 1024},
		Cache:     Cache{TTL: 300 * time.Second},
		Tasks:     Tasks{MaxPayload: 1 << 20},
		Fetcher: Fetcher{
			UserAgent: "Switchyard/0.1",
			Timeout:   30 * time.Second,
			MaxBody:   8 << 20, MaxDecoded: 16 << 20,
			Politeness: Politeness{Spacing: time.Second, Concurrency: 1, By: hosts.ByHost, Robots: true},
		},
		Celery:    celery(),
		Documents: Documents{TTL: 30 * 24 * time.Hour},
		Briefings: Briefings{
			Agent: "scout", Items: 5, Patience: 2 * time.Minute,
			FirstSpan: 7 * 24 * time.Hour, Dir: "briefings", Keep: 180 * 24 * time.Hour, PerUser: 400,
		},
		Email: Email{TLS: mail.StartTLS},
		Queues: map[string]Queue{
			routing.Agents:    {Concurrency: 4, PerUser: agentsPerUser},
			routing.Briefings: {Concurrency: 4},
			routing.Scraping:  {Concurrency: 8},
			routing.Default:   {Concurrency: 4},
		},
		Agents: map[string]agents.Definition{"scout": {Runtime: "rank"}},
	}
}
