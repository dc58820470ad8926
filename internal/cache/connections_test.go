package cache_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

// awaitConnections waits until a server has so many connections beside the one that asks, of which so
// many wait in a command.
func awaitConnections(t *testing.T, asks redis.UniversalClient, open, waiting int) {
	t.Helper()
	var list string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var err error
		if list, err = asks.ClientList(t.Context()).Result(); err != nil {
			t.Fatal(err)
		}
		if strings.Count(list, "\n")-1 == open && strings.Count(list, " flags=b ") == waiting {
			return
		}
	}
	t.Fatalf("want %d connections beside the one that asks, %d of them waiting:\n%s", open, waiting, list)
}

func TestABurstIsBoundedAndItsConnectionsAreGivenBack(t *testing.T) {
	server := redistest.Server(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr, PoolSize: 1})
	defer func() { _ = admin.Close() }()
	client := redistest.Client(t, server.Addr)
	var callers sync.WaitGroup
	for n := range 20 {
		callers.Go(func() {
			// Commands and pipelines share the bound.
			var err error
			if n%2 == 0 {
				err = client.BLPop(t.Context(), 0, "wait").Err()
			} else {
				_, err = client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
					p.BLPop(t.Context(), 0, "wait")
					return nil
				})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	awaitConnections(t, admin, 20, 20)
	callers.Go(func() { // the twenty-first gets none, until one is free
		if err := client.Ping(t.Context()).Err(); err != nil {
			t.Error(err)
		}
	})
	for range 20 {
		if err := admin.LPush(t.Context(), "wait", "go").Err(); err != nil {
			t.Fatal(err)
		}
	}
	callers.Wait()
	awaitConnections(t, admin, 8, 0)
}

// waitsFor has a blocking client wait for a token that the client leaves meanwhile.
func waitsFor(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	waits, err := cache.Blocking(client, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = waits.Close() }()
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waiting.Go(func() {
		if got, err := waits.BLPop(t.Context(), 30*time.Second, "{q}:wake").Result(); err != nil || got[1] != "token" {
			t.Errorf("waiting brought %q, %v", got, err)
		}
	})
	for waits.PoolStats().TotalConns == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := client.LPush(t.Context(), "{q}:wake", "token").Err(); err != nil {
		t.Errorf("nobody can leave a token while somebody waits for one: %v", err)
		_ = waits.Close()
	}
}

func TestWhatBlocksWaitsOnEveryRedis(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) { waitsFor(t, client) })
}

func TestWhatBlocksTakesNoConnectionOfOthersAndHasTheirLoginAndDatabase(t *testing.T) {
	server := redistest.Server(t, "--user", "ada", "on", ">secret", "~*", "&*", "+@all", "--user", "default", "off")
	client, err := cache.Connect(cache.Options{URL: "redis://ada@" + server.Addr + "/3", Password: "secret", PoolSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	waitsFor(t, client)
}

func TestWhatBlocksIsNotTriedAgain(t *testing.T) {
	broken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var tries int
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := broken.Accept()
			if err != nil {
				return
			}
			tries++
			_ = conn.Close()
		}
	})
	waits, err := cache.Blocking(redistest.Client(t, broken.Addr().String()), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = waits.Close() }()
	if err := waits.BLPop(t.Context(), time.Second, "wake").Err(); err == nil {
		t.Error("a server that hangs up has answered")
	}
	_ = broken.Close()
	serving.Wait()
	if tries != 1 {
		t.Errorf("it was tried %d times, want once", tries)
	}
}
