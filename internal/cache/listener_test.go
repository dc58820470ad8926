package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

// listen runs a listener to patterns until the test ends, and returns once it listens.
func listen(t *testing.T, client redis.UniversalClient, patterns ...string) *cache.Listener {
	t.Helper()
	return begin(t, cache.NewPatternListener(client, patterns...))
}

// begin runs a listener until the test ends, and returns once it listens.
func begin(t *testing.T, l *cache.Listener) *cache.Listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Check(ctx); err == nil {
		t.Error("it listens before it has begun")
	}
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	wantBegan(t, l)
	return l
}

// wantBegan waits until the listener has begun.
func wantBegan(t *testing.T, l *cache.Listener) {
	t.Helper()
	select {
	case h := <-l.Heard():
		if !h.Began {
			t.Errorf("heard %+v, want that it has begun", h)
		}
	case <-time.After(time.Minute):
		t.Fatalf("it does not listen: %v", l.Check(t.Context()))
	}
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("it listens, and says %v", err)
	}
}

func TestAListenerHearsWhatMatchesInOrder(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l := listen(t, client, "a:*", "b:?")
		want := []cache.Heard{{Channel: "a:1", Message: "one"}, {Channel: "b:x", Message: "two"}, {Channel: "a:2", Message: ""}}
		go func() {
			for _, h := range append([]cache.Heard{{Channel: "b:xz", Message: "no"}, {Channel: "c:1", Message: "no"}}, want...) {
				client.Publish(context.Background(), h.Channel, h.Message)
			}
		}()
		var got []cache.Heard
		for range want {
			got = append(got, <-l.Heard())
		}
		if _, cluster := client.(*redis.ClusterClient); cluster { // its nodes publish side by side
			byChannel := func(a, b cache.Heard) int { return strings.Compare(a.Channel, b.Channel) }
			slices.SortFunc(got, byChannel)
			slices.SortFunc(want, byChannel)
		}
		if !slices.Equal(got, want) {
			t.Errorf("heard %+v, want %+v", got, want)
		}
	})
}

func TestAChannelIsHeardAsItIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const name = `b:x*[y]?\`
		l := begin(t, cache.NewListener(client, name, "c"))
		client.Publish(t.Context(), "b:xy[y]?", "no")
		client.Publish(t.Context(), name, "yes")
		if h := <-l.Heard(); h != (cache.Heard{Channel: name, Message: "yes"}) {
			t.Errorf("heard %+v", h)
		}
	})
}

func TestAListenerBeginsAgainAfterARestart(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	l := listen(t, client, "a:*")
	server.Stop()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	wantBegan(t, l)
	go client.Publish(context.Background(), "a:1", "again")
	if h := <-l.Heard(); h.Message != "again" {
		t.Errorf("heard %+v", h)
	}
}

// A server that hangs keeps its connections, and takes what is written to them.
func TestAListenerToAServerThatHangsKnowsThatItIsDeaf(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	l := listen(t, client, "a:*")
	server.Signal(t, syscall.SIGSTOP)
	hung := time.Now()
	for l.Check(t.Context()) == nil {
		if time.Since(hung) > time.Minute {
			t.Fatal("after a minute it believes that it listens")
		}
		time.Sleep(10 * time.Millisecond) // nothing signals what is not there
	}
	server.Signal(t, syscall.SIGCONT)
	wantBegan(t, l)
	go client.Publish(context.Background(), "a:1", "again")
	if h := <-l.Heard(); h.Message != "again" {
		t.Errorf("heard %+v", h)
	}
}

func TestASilentConnectionThatAnswersIsKept(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	l := listen(t, client, "a:*")
	asked := func() (n int) {
		_, _ = fmt.Sscanf(client.InfoMap(t.Context(), "commandstats").Item("Commandstats", "cmdstat_ping"), "calls=%d,", &n)
		return n
	}
	for began := asked(); asked() < began+2; time.Sleep(10 * time.Millisecond) { // Redis cannot tell
		if err := l.Check(t.Context()); err != nil {
			t.Fatalf("it is silent, and says %v", err)
		}
	}
	go client.Publish(context.Background(), "a:1", "still")
	if h := <-l.Heard(); h.Message != "still" {
		t.Errorf("heard %+v, want the message and no new beginning", h)
	}
}

func TestAUserWithoutTheRightToAChannelIsTold(t *testing.T) {
	server := redistest.Server(t)
	mute := redistest.User(t, server.Addr, "mute", "+@all", "~*")
	l := cache.NewPatternListener(redistest.Connect(t, mute), "agent:pause:*")
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	defer running.Wait()
	defer cancel()
	const want = "messages are not heard: NOPERM " // its words differ between versions
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := l.Check(ctx)
		if err != nil && strings.HasPrefix(err.Error(), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it says %v, want %s", err, want)
		}
	}
}

func TestAListenerHearsTheNextMasterOnceItsOwnHangs(t *testing.T) {
	group := redistest.StartSentinel(t)
	client := redistest.Connect(t, group.URL)
	l := listen(t, client, "a:*")
	group.Master(t).Signal(t, syscall.SIGSTOP)
	wantBegan(t, l) // at the master that the sentinels have made
	next := redistest.Client(t, group.Master(t).Addr)
	go next.Publish(context.Background(), "a:1", "still")
	if h := <-l.Heard(); h.Message != "still" {
		t.Errorf("heard %+v", h)
	}
}
