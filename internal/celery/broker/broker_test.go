package broker

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var usual = Names{Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}.", DB: 2}

func TestListsBearTheNamesThatKombuGivesThem(t *testing.T) {
	prefixed := usual
	prefixed.KeyPrefix = "app:"
	odd := Names{Separator: ":", Steps: []int{1, 5}}
	for _, c := range []struct {
		names    Names
		priority int
		want     string
	}{
		{usual, 0, "q"}, {usual, 1, "q"}, {usual, 3, "q\x06\x163"}, {usual, 5, "q\x06\x163"}, {usual, 9, "q\x06\x169"},
		{usual, 255, "q\x06\x169"}, {usual, -1, "q"}, {prefixed, 6, "app:q\x06\x166"}, {odd, 0, "q:1"}, {odd, 5, "q:5"},
	} {
		if got := c.names.List("q", c.priority); got != c.want {
			t.Errorf("priority %d goes to %q, want %q", c.priority, got, c.want)
		}
	}
	if got := strings.Join(prefixed.Lists("q"), " "); got != "app:q app:q\x06\x163 app:q\x06\x166 app:q\x06\x169" {
		t.Errorf("lists %q", got)
	}
	if got := prefixed.Fanout("celery.pidbox"); got != "app:/2.celery.pidbox" {
		t.Errorf("channel %q", got)
	}
}

func TestAMessageIsPutIntoItsListOnce(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		b := New(client, usual, "test:")
		client.Set(t.Context(), "odd", "no list", 0)
		pushes := []Push{{"1", "q", []byte("one")}, {"2", "odd", []byte("two")}, {"3", "q", []byte("\xff\x00three")}}
		for again := range 2 {
			fresh, err := b.Push(t.Context(), pushes...)
			if want := []bool{again == 0, false, again == 0}; !slices.Equal(fresh, want) {
				t.Errorf("fresh %v, want %v", fresh, want)
			}
			if err == nil || !strings.Contains(err.Error(), "list odd of Celery: WRONGTYPE") {
				t.Errorf("error %v names no list that is none", err)
			}
		}
		if got := client.LRange(t.Context(), "q", 0, -1).Val(); !slices.Equal(got, []string{"\xff\x00three", "one"}) {
			t.Errorf("the list has %q", got)
		}
		if ttl := client.TTL(t.Context(), "test:celery:sent:1").Val(); ttl <= 0 || ttl > MarkFor {
			t.Errorf("the mark stays %s", ttl)
		}
	})
}

func TestAListThatGetsSomethingIsTold(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		b := New(client, usual, "test:")
		said, lines := observer.New(zap.WarnLevel)
		w := NewWatch(b, slices.Concat(b.Lists("q"), b.Lists("queue")), zap.New(said))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		for _, list := range []string{"q", "q\x06\x169", "queue\x06\x163"} {
			client.LPush(t.Context(), list, "x")
			select {
			case <-w.Changed:
			case <-time.After(20 * time.Second):
				t.Fatalf("nobody told that %q got something", list)
			}
		}
		cancel()
		running.Wait()
		if _, mini := client.(*redis.Client); mini && strings.Contains(t.Name(), "miniredis") != (lines.Len() == 1) {
			t.Errorf("lines %v", lines.All())
		}
	})
}
