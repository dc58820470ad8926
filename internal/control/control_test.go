package control

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChannelsAreNamedAsTheApplicationsKnowThem(t *testing.T) {
	for channel, want := range map[Channel]string{
		Pause: "agent:pause:ada", Resume: "agent:resume:ada", Status: "agent:status:ada",
	} {
		if got, err := channel.Name("ada"); got != want || err != nil {
			t.Errorf("Name = %q, %v; want %q", got, err, want)
		}
	}
}

func TestAUserIDCannotEscapeIntoAnotherChannel(t *testing.T) {
	for _, id := range []string{"", "*", "a*", "a?", "[a]", "a:b", "a b", "a\nb", "a\x00b", ":", "ada\r\nPUBLISH", "ä", strings.Repeat("a", 10<<10)} {
		if name, err := Pause.Name(id); err == nil {
			t.Errorf("%.20q gives channel %.40q", id, name)
		}
	}
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := NewBus(client)
		if _, err := b.Publish(t.Context(), Pause, "a:b", "x"); err == nil {
			t.Error("published")
		}
		if _, err := b.Subscribe(t.Context(), Pause, "a*"); err == nil {
			t.Error("subscribed")
		}
	})
}

func TestPublishTellsHowManyGotIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := NewBus(client), t.Context()
		if n, err := b.Publish(ctx, Pause, "ada", "x"); n != 0 || err != nil {
			t.Errorf("Publish = %d, %v with nobody listening", n, err)
		}
		var subscriptions []*Subscription
		for range 2 {
			s, err := b.Subscribe(ctx, Pause, "ada")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			subscriptions = append(subscriptions, s)
		}
		for range 3 { // as many as a cluster has masters to ask
			if n, err := b.Publish(ctx, Pause, "ada", `{"by":"op"}`); n != 2 || err != nil {
				t.Errorf("Publish = %d, %v; want 2", n, err)
			}
			for _, s := range subscriptions {
				if m, err := s.Receive(ctx); m != `{"by":"op"}` || err != nil {
					t.Errorf("Receive = %q, %v", m, err)
				}
			}
		}
		if n, _ := b.Publish(ctx, Pause, "bob", "x"); n != 0 {
			t.Errorf("another user's message reached %d", n)
		}
	})
}

func TestReceiveEndsWithItsContextAndWithTheSubscription(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, err := NewBus(client).Subscribe(t.Context(), Status, "ada")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Receive(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Receive = %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Receive after Close = %v", err)
		}
	})
}

func TestASubscriptionSurvivesARestartOfRedis(t *testing.T) {
	server := redistest.Server(t)
	b := NewBus(redistest.Client(t, server.Addr))
	s, err := b.Subscribe(t.Context(), Pause, "ada")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	server.Stop()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	// Publish until the subscription is there again: that it got the message is told.
	for n := int64(0); n == 0; {
		if n, err = b.Publish(ctx, Pause, "ada", "again"); err != nil && ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if m, err := s.Receive(ctx); m != "again" || err != nil {
		t.Errorf("Receive = %q, %v", m, err)
	}
}
