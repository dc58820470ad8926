package cache_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestEveryFormOfURLIsUnderstood(t *testing.T) {
	for raw, want := range map[string]string{
		"redis://h:6379/2":                          "standalone h:6379 db 2",
		"rediss://ada:pw@h:6379":                    "standalone h:6379 db 0 tls",
		"unix:///run/redis.sock":                    "standalone /run/redis.sock db 0",
		"redis-sentinel://a:1,b:2/mymaster/3":       "sentinel",
		"rediss-sentinel://a:1/mymaster":            "sentinel tls",
		"redis-cluster://a:1,b:2,c:3":               "cluster a:1 b:2 c:3",
		"rediss-cluster://u:pw@a:1?read_timeout=1s": "cluster a:1 tls",
	} {
		client, err := cache.Connect(cache.Options{URL: raw})
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got := describe(client); got != want {
			t.Errorf("%s gives %q, want %q", raw, got, want)
		}
		_ = client.Close()
	}
}

// describe says what a client connects to.
func describe(client redis.UniversalClient) string {
	var parts []string
	secure := false
	switch c := client.(type) {
	case *redis.ClusterClient:
		parts, secure = append([]string{"cluster"}, c.Options().Addrs...), c.Options().TLSConfig != nil
	case *redis.Client:
		o := c.Options()
		parts, secure = []string{"standalone", o.Addr, "db", string(rune('0' + o.DB))}, o.TLSConfig != nil
		if o.Addr == "FailoverClient" {
			parts = []string{"sentinel"}
		}
	}
	if secure {
		parts = append(parts, "tls")
	}
	return strings.Join(parts, " ")
}

func TestABadURLIsRefusedWithoutItsPassword(t *testing.T) {
	for raw, want := range map[string]string{
		"http://u:hunter2@h":                                `redis URL scheme "http": use redis, rediss, redis-sentinel, redis-cluster or unix`,
		"redis://u:hunter2@h:x":                             "redis URL cannot be parsed: give redis://[user:password@]host:port[/db], special characters percent-encoded",
		"redis://u:hunter2@h:1/db":                          `redis URL redis://(hidden)@h:1/db: redis: invalid database number: "db": correct it, or leave it out`,
		"redis-sentinel://u:hunter2@h:1":                    "redis URL redis-sentinel://(hidden)@h:1: name the master after the hosts: redis-sentinel://host:26379/mymaster",
		"redis-sentinel://u:hunter2@h:1/m?password=hunter2": "redis URL redis-sentinel://(hidden)@h:1/m?password=(hidden): says twice who signs in to Redis: give user and password before the hosts, and those of the sentinels as sentinel_username and sentinel_password",
		"redis://u:hunter2@h:1?nonsense=1":                  "redis URL redis://(hidden)@h:1?nonsense=(hidden): redis: unexpected option: nonsense: correct it, or leave it out",
		"redis-cluster://u:hunter2@h:1?x=1":                 "redis URL redis-cluster://(hidden)@h:1?x=(hidden): redis: unexpected option: x: correct it, or leave it out",
	} {
		_, err := cache.Connect(cache.Options{URL: raw})
		if fmt.Sprint(err) != want {
			t.Errorf("%s: error %v, want %q", raw, err, want)
		}
	}
	if _, err := cache.Connect(cache.Options{URL: "redis://h:1", CAFile: "x"}); fmt.Sprint(err) != "redis URL redis://h:1 is not encrypted but TLS files are given: use a rediss URL" {
		t.Errorf("TLS files without TLS: %v", err)
	}
	if _, err := cache.Connect(cache.Options{URL: "rediss://h:1", CAFile: "/does/not/exist"}); fmt.Sprint(err) != "redis CA file: open /does/not/exist: no such file or directory" {
		t.Errorf("a missing CA file: %v", err)
	}
}

func TestThePoolIsBoundedAndReused(t *testing.T) {
	const pool = 20 // the default
	server := redistest.Server(t)
	client, err := cache.Connect(cache.Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	var callers sync.WaitGroup
	for range 200 {
		callers.Go(func() {
			for range 20 {
				if err := client.Ping(context.Background()).Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	stats := client.PoolStats()
	if stats.TotalConns > pool || stats.Hits == 0 {
		t.Errorf("%d connections after 4000 pings, %d of them reused; want at most %d", stats.TotalConns, stats.Hits, pool)
	}
}

func TestLoginWithACLUserAndSeparatePassword(t *testing.T) {
	server := redistest.Server(t, "--user", "ada", "on", ">secret", "~*", "&*", "+@all", "--user", "default", "off")
	for password, ok := range map[string]bool{"secret": true, "wrong": false} {
		client, err := cache.Connect(cache.Options{URL: "redis://ada@" + server.Addr, Password: password})
		if err != nil {
			t.Fatal(err)
		}
		err = cache.New(client, "", 0).Check(t.Context())
		if (err == nil) != ok {
			t.Errorf("password %q: %v", password, err)
		}
		_ = client.Close()
	}
}

func TestBehindSentinelTheURLSaysWhoSignsInToRedis(t *testing.T) {
	group := redistest.StartSentinel(t)
	for _, s := range group.Servers {
		redistest.User(t, s.Addr, "ada", "~*", "&*", "+@all")
	}
	var password string
	for _, s := range group.Sentinels {
		password = strings.Split(redistest.User(t, s.Addr, "watch", "&*", "+ping", "+subscribe", "+sentinel|get-master-addr-by-name", "+sentinel|sentinels"), ":")[2]
		password, _, _ = strings.Cut(password, "@")
	}
	is := func(user string) string { return strings.Replace(group.URL, "://", "://"+user+"@", 1) }
	for _, tc := range []struct{ url, password, want string }{
		{group.URL, "", "default"},
		{is("ada:" + password), "", "ada"},
		{is("ada"), password, "ada"},
		{group.URL + "?username=ada&password=" + password, "", "ada"},
		{is("ada:wrong"), "", "refused"},
		{is("ada:"+password) + "?sentinel_username=watch&sentinel_password=" + password, "", "ada"},
		{is("ada:"+password) + "?sentinel_username=watch&sentinel_password=wrong", "", "refused"},
	} {
		client, err := cache.Connect(cache.Options{URL: tc.url, Password: tc.password})
		if err != nil {
			t.Fatal(err)
		}
		who, err := client.Do(t.Context(), "ACL", "WHOAMI").Text()
		if err != nil && strings.Contains(err.Error(), "WRONGPASS") {
			who = "refused"
		}
		if who != tc.want {
			t.Errorf("%s, password %q: %q, %v; want %s", tc.url, tc.password, who, err, tc.want)
		}
		_ = client.Close()
		for _, s := range group.Sentinels {
			if !strings.Contains(tc.url, "sentinel_password=wrong") {
				redistest.RefusedNobody(t, s.Addr) // the rights above are enough
			}
		}
	}
}

func TestTLSWithAPrivateAuthorityAndAClientCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := selfSigned(t, dir)
	server := redistest.Server(t, "--tls-port", tlsPort(t), "--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile)
	url := "rediss://127.0.0.1:" + server.Arg("--tls-port")
	good := cache.Options{URL: url, CAFile: certFile, CertFile: certFile, KeyFile: keyFile}
	client, err := cache.Connect(good)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := cache.New(client, "", 0).Check(t.Context()); err != nil {
		t.Error(err)
	}
	for name, o := range map[string]cache.Options{
		"unknown authority":     {URL: url, CertFile: certFile, KeyFile: keyFile},
		"no client certificate": {URL: url, CAFile: certFile},
	} {
		client, err := cache.Connect(o)
		if err != nil {
			t.Fatal(err)
		}
		if cache.New(client, "", 0).Healthy(t.Context()) {
			t.Errorf("%s: connected", name)
		}
		_ = client.Close()
	}
}

func tlsPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// selfSigned writes a certificate for 127.0.0.1 that is its own authority, and its key.
func selfSigned(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
