package tokens

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// run runs a store's Run until the returned function is called.
func run(t *testing.T, s *Store) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() error { cancel(); return <-ended }
}

func TestUsesAreCountedAndTheLastIsKnown(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		other := NewStore(client, "p:", c.now)
		stop := run(t, s)
		text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
		wants(t, s, text, nil)
		last := c.now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { wants(t, s, text, nil) })
		}
		all.Wait()
		for range 3 {
			wants(t, other, text, nil)
		}
		wants(t, s, text[:len(text)-1]+"_", ErrUnknown)
		if err := errors.Join(stop(), run(t, other)()); err != nil {
			t.Fatal(err)
		}
		found, _, err := s.Get(t.Context(), made.ID)
		if err != nil || found.Uses != 104 || !found.LastUse.Equal(last) {
			t.Errorf("used %d times, last at %s, %v; want 104 and %s", found.Uses, found.LastUse, err, last)
		}
	})
}

func TestUsesOfWhatIsDamagedOrGoneDisturbNobody(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		var ids []string
		for range 3 {
			text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
			wants(t, s, text, nil)
			ids = append(ids, made.ID)
		}
		client.HSet(t.Context(), s.token(ids[0]), "uses", "many", "used", "often")
		client.Del(t.Context(), s.token(ids[1]))
		s.note("abcdefghijkl", c.now())
		client.Set(t.Context(), s.token("abcdefghijkl"), "a string", 0)
		if err := s.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{ids[0], ids[2]} {
			if found, _, err := s.Get(t.Context(), id); err != nil || found.Uses != 1 || !found.LastUse.Equal(c.now()) {
				t.Errorf("%+v, %v", found, err)
			}
		}
		if n := client.Exists(t.Context(), s.token(ids[1])).Val(); n != 0 {
			t.Error("a token that is gone came back")
		}

		// Another process writes later what was earlier, and what is left of a token is no token.
		client.HDel(t.Context(), s.token(ids[2]), "token")
		earlier, late := NewStore(client, "p:", c.now), c.now()
		for _, id := range ids {
			earlier.note(id, late.Add(-time.Second))
		}
		if err := earlier.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, _, err := s.Get(t.Context(), ids[0]); err != nil || found.Uses != 2 || !found.LastUse.Equal(late) {
			t.Errorf("%+v, %v", found, err)
		}
		if uses := client.HGet(t.Context(), s.token(ids[2]), "uses").Val(); uses != "1" {
			t.Errorf("what is left has %s uses", uses)
		}
	})
}

func TestUsesThatRedisDoesNotTakeAreWrittenLater(t *testing.T) {
	server := redistest.Mini(t)
	s, _ := open(redistest.Client(t, server.Addr()))
	text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	wants(t, s, text, nil)
	server.SetError("MISCONF no writes")
	if err := s.flush(t.Context()); err == nil {
		t.Fatal("Redis has taken it")
	}
	wants(t, s, text, nil)
	server.SetError("")
	if err := s.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, _, err := s.Get(t.Context(), made.ID); err != nil || found.Uses != 2 {
		t.Errorf("used %d times, %v", found.Uses, err)
	}
}

// counting counts the commands that a client sends.
type counting struct {
	redis.Hook
	mu   sync.Mutex
	sent []string
}

func (c *counting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.mu.Lock()
		c.sent = append(c.sent, cmd.Name())
		c.mu.Unlock()
		return next(ctx, cmd)
	}
}

func TestRedisIsAskedAboutATokenOnceASecond(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		good, _ := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
		bad, _, _ := newText()
		wants(t, s, good, nil) // the script is there from now on
		c.advance(time.Second)
		hook := &counting{}
		client.AddHook(hook)
		for range 3 {
			for range 1000 {
				wants(t, s, good, nil)
				wants(t, s, bad, ErrUnknown)
			}
			c.advance(time.Second)
		}
		if got := fmt.Sprint(hook.sent); got != "[evalsha evalsha evalsha evalsha evalsha evalsha]" {
			t.Errorf("sent %s", got)
		}
	})
}

func BenchmarkVerifyARememberedToken(b *testing.B) {
	s, _ := open(redistest.Client(b, redistest.Mini(b).Addr()))
	text, _, err := s.Make(b.Context(), New{Name: "a", Scopes: []Scope{{Action: Admin}}})
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Verify(b.Context(), text); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkVerifyAskingRedis(b *testing.B) {
	s, c := open(redistest.Client(b, redistest.Server(b).Addr))
	text, _, err := s.Make(b.Context(), New{Name: "a", Scopes: []Scope{{Action: Admin}}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.advance(time.Second)
		if _, err := s.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}
