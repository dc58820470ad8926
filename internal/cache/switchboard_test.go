package cache_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

// rings waits until a line is rung.
func rings(t *testing.T, what string, l *cache.Line) {
	t.Helper()
	select {
	case <-l.Rung():
	case <-time.After(time.Minute):
		t.Fatalf("%s: it is not rung", what)
	}
}

// subscribers returns how many connections of a server listen to channels.
func subscribers(t *testing.T, client redis.UniversalClient) int {
	t.Helper()
	list, err := client.(*redis.Client).ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(list) {
		if !strings.Contains(line, " sub=0 ") {
			n++
		}
	}
	return n
}

func TestALineIsRungByItsChannelAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := cache.NewSwitchboard(client)
		ada, bob := s.Listen("status:ada"), s.Listen("status:bob")
		defer bob.HangUp()
		rings(t, "it hears of ada", ada)
		rings(t, "it hears of bob", bob)
		late := s.Listen("status:ada")
		rings(t, "a second one who listens to ada", late)
		client.Publish(t.Context(), "status:ada", "x")
		rings(t, "a message for ada", ada)
		rings(t, "the same for the second", late)
		select {
		case <-bob.Rung():
			t.Error("bob is rung by what is for ada")
		default:
		}
		ada.HangUp()
		client.Publish(t.Context(), "status:ada", "x")
		rings(t, "a message after one has hung up", late)
		late.HangUp()
	})
}

func TestHoweverManyListenThereIsOneConnectionAndNoneInTheEnd(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	s := cache.NewSwitchboard(client)
	for range 2 {
		var lines []*cache.Line
		for i := range 300 {
			lines = append(lines, s.Listen(fmt.Sprintf("status:%d", i)))
		}
		for i, l := range lines {
			rings(t, fmt.Sprintf("line %d", i), l)
		}
		if n := subscribers(t, client); n != 1 {
			t.Errorf("%d connections listen, want 1", n)
		}
		var leaving sync.WaitGroup
		for _, l := range lines {
			leaving.Go(l.HangUp)
		}
		leaving.Wait()
		for deadline := time.Now().Add(time.Minute); subscribers(t, client) != 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d connections listen, want none", subscribers(t, client))
			}
		}
	}
}

func TestALineIsRungOnceItsConnectionIsBack(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	l := cache.NewSwitchboard(client).Listen("status:ada")
	defer l.HangUp()
	rings(t, "at first", l)
	server.Stop()
	for deadline := time.Now().Add(time.Minute); l.Hears(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is believed to hear")
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	rings(t, "after the outage", l)
	client.Publish(t.Context(), "status:ada", "x")
	rings(t, "a message after the outage", l)
}

func TestAServerThatHangsIsNotBelievedToBeHeard(t *testing.T) {
	server := redistest.Server(t)
	l := cache.NewSwitchboard(redistest.Client(t, server.Addr)).Listen("status:ada")
	defer l.HangUp()
	rings(t, "at first", l)
	server.Signal(t, syscall.SIGSTOP)
	for deadline := time.Now().Add(time.Minute); l.Hears(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is believed to hear")
		}
	}
}
