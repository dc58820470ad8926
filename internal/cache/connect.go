// Package cache is the shared Redis client: one bounded pool for the whole process,
// a cache with TTLs on top of it, and a health check.
//
// Redis being away never hangs or panics anything here. Reads through [Cache.Get] then
// miss, writes report, and [Cache.Lookup] and [Cache.Check] tell an outage from a miss
// for whoever needs to know.
package cache

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"switchyard/internal/redact"
)

// Options say how to reach Redis.
type Options struct {
	// URL names the server and its kind:
	//
	//	redis://[user:password@]host:port[/db]
	//	redis-sentinel://[user:password@]host:port,host:port/master_name[/db]
	//	redis-cluster://[user:password@]host:port,host:port
	//
	// with rediss, rediss-sentinel and rediss-cluster for TLS, and unix:///path for a
	// socket. User and password are those of Redis, also behind Sentinel: sentinels with access control
	// are given sentinel_username and sentinel_password, as query parameters. Others are those of go-redis.
	URL string
	// Password stands in for one in the URL, which then need not be secret.
	Password string
	// PoolSize bounds the connections of the client, but for its subscriptions, which have
	// one each; for a cluster, to each node. 0 means 20.
	PoolSize int
	// CAFile, CertFile and KeyFile are PEM files: the authority that signed the
	// server's certificate, and the client's own certificate and key.
	CAFile, CertFile, KeyFile string
}

const defaultPoolSize = 20

// idleConns is how many connections are kept while nobody uses them. go-redis closes an old one
// only when it is about to use it, and uses the newest first: without this bound those of a
// burst would stay open as long as the process runs.
const idleConns = 8

// noPipelinePool has pipelines use the pool of all commands. By default go-redis gives them ten
// connections more, each with buffers of 256 KiB, and the bound of the pool would not be one.
const noPipelinePool = -1

// Timeouts of one command. The read timeout must exceed the longest script, not the
// longest wait: blocking commands extend it themselves.
const (
	dialTimeout  = 2 * time.Second
	readTimeout  = 3 * time.Second
	writeTimeout = 3 * time.Second
	poolTimeout  = 4 * time.Second
)

// dialAttempts is how often a connection is tried for one command. The command itself is
// retried too: more of these only make an outage slower to notice.
const dialAttempts = 1

// mapAge is how old a client's knowledge of who serves which slots of a cluster may get.
// A master that is gone cannot tell who took over, and go-redis asks the others only when
// it finds its knowledge too old: by default after a minute.
const mapAge = time.Second

// noNotices keeps connections from subscribing to notices of maintenance, which a server would have to
// allow its user, and which changes the options that others copy.
var noNotices = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}

// Connect returns a client for o. It does not dial: the first command does. The error
// names what in o is wrong and never contains the password.
func Connect(o Options) (redis.UniversalClient, error) {
	open, err := o.opener()
	if err != nil {
		return nil, err
	}
	client := open()
	client.AddHook(patient{})
	return client, nil
}

// Check reports what [Connect] would find wrong in o.
func (o Options) Check() error {
	_, err := o.opener()
	return err
}

// opener returns what makes a client of the kind that the URL names.
func (o Options) opener() (func() redis.UniversalClient, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		// The parse error quotes the URL, and with it the password.
		return nil, errors.New("redis URL cannot be parsed: give redis://[user:password@]host:port[/db], special characters percent-encoded")
	}
	if err := checkPlace(u); err != nil {
		return nil, fmt.Errorf("redis URL %s: %w", redact.URL(o.URL), err)
	}
	if o.PoolSize == 0 {
		o.PoolSize = defaultPoolSize
	}
	scheme, secure := strings.CutPrefix(u.Scheme, "rediss")
	if !secure {
		scheme = strings.TrimPrefix(u.Scheme, "redis")
	}
	tlsConfig, err := o.tls(secure)
	if err != nil {
		return nil, err
	}
	base := "redis"
	if secure {
		base = "rediss"
	}
	switch scheme {
	case "", "unix":
		return o.standalone(u, tlsConfig)
	case "-sentinel":
		return o.sentinel(u, base, tlsConfig)
	case "-cluster":
		return o.cluster(u, base, tlsConfig)
	}
	return nil, fmt.Errorf("redis URL scheme %q: use redis, rediss, redis-sentinel, redis-cluster or unix", u.Scheme)
}

func (o Options) standalone(u *url.URL, tlsConfig *tls.Config) (func() redis.UniversalClient, error) {
	opt, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, fmt.Errorf("redis URL %s: %w: correct it, or leave it out", redact.URL(o.URL), err)
	}
	if o.Password != "" {
		opt.Password = o.Password
	}
	if opt.TLSConfig != nil {
		tlsConfig.ServerName = opt.TLSConfig.ServerName
		opt.TLSConfig = tlsConfig
	}
	opt.PoolSize, opt.MaxActiveConns, opt.PipelinePoolSize = o.PoolSize, o.PoolSize, noPipelinePool
	opt.MaxIdleConns = cmp.Or(opt.MaxIdleConns, idleConns)
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTimeout, readTimeout, writeTimeout, poolTimeout
	opt.ContextTimeoutEnabled, opt.DialerRetries, opt.DisableIdentity = true, dialAttempts, true
	opt.MaintNotificationsConfig = noNotices
	return func() redis.UniversalClient { return redis.NewClient(opt) }, nil
}

func (o Options) sentinel(u *url.URL, scheme string, tlsConfig *tls.Config) (func() redis.UniversalClient, error) {
	master, db, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if master == "" {
		return nil, fmt.Errorf("redis URL %s: name the master after the hosts: redis-sentinel://host:26379/mymaster", redact.URL(o.URL))
	}
	v := *u
	v.Path = "/" + db
	q := v.Query()
	if u.User != nil && (q.Has("username") || q.Has("password")) {
		return nil, fmt.Errorf("redis URL %s: says twice who signs in to Redis: give user and password before the hosts, and those of the sentinels as sentinel_username and sentinel_password", redact.URL(o.URL))
	}
	user, password := q.Get("sentinel_username"), q.Get("sentinel_password")
	q.Del("sentinel_username")
	q.Del("sentinel_password")
	q.Set("master_name", master)
	v.RawQuery = q.Encode()
	opt, err := redis.ParseFailoverURL(manyHosts(&v, scheme))
	if err != nil {
		return nil, fmt.Errorf("redis URL %s: %w: correct it, or leave it out", redact.URL(o.URL), err)
	}
	// go-redis takes those before the hosts for the sentinels'.
	opt.SentinelUsername, opt.SentinelPassword = user, password
	if u.User != nil {
		opt.Username = u.User.Username()
		opt.Password, _ = u.User.Password()
	}
	if o.Password != "" {
		opt.Password = o.Password
	}
	opt.TLSConfig = tlsConfig
	opt.PoolSize, opt.MaxActiveConns, opt.PipelinePoolSize = o.PoolSize, o.PoolSize, noPipelinePool
	opt.MaxIdleConns = cmp.Or(opt.MaxIdleConns, idleConns)
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTimeout, readTimeout, writeTimeout, poolTimeout
	opt.ContextTimeoutEnabled, opt.DialerRetries, opt.DisableIdentity = true, dialAttempts, true
	return func() redis.UniversalClient { return redis.NewFailoverClient(opt) }, nil
}

func (o Options) cluster(u *url.URL, scheme string, tlsConfig *tls.Config) (func() redis.UniversalClient, error) {
	opt, err := redis.ParseClusterURL(manyHosts(u, scheme))
	if err != nil {
		return nil, fmt.Errorf("redis URL %s: %w: correct it, or leave it out", redact.URL(o.URL), err)
	}
	if o.Password != "" {
		opt.Password = o.Password
	}
	opt.TLSConfig = tlsConfig
	opt.PoolSize, opt.MaxActiveConns, opt.PipelinePoolSize = o.PoolSize, o.PoolSize, noPipelinePool
	opt.MaxIdleConns = cmp.Or(opt.MaxIdleConns, idleConns)
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTimeout, readTimeout, writeTimeout, poolTimeout
	opt.ContextTimeoutEnabled, opt.DialerRetries, opt.DisableIdentity = true, dialAttempts, true
	opt.ClusterStateReloadInterval, opt.MaintNotificationsConfig = mapAge, noNotices
	return func() redis.UniversalClient { return redis.NewClusterClient(opt) }, nil
}

// manyHosts rewrites scheme://a,b,c as go-redis spells several hosts: the first as the
// host, the others as addr parameters.
func manyHosts(u *url.URL, scheme string) string {
	v := *u
	hosts := strings.Split(u.Host, ",")
	v.Scheme, v.Host = scheme, hosts[0]
	q := v.Query()
	for _, h := range hosts[1:] {
		q.Add("addr", h)
	}
	v.RawQuery = q.Encode()
	return v.String()
}
