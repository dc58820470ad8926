package layout

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// answers stands for a Redis: it answers each look without a connection.
type answers func(ctx context.Context) ([]any, error)

func (a answers) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a answers) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		reply, err := a(ctx)
		if err != nil {
			cmd.SetErr(err)
			return err
		}
		cmd.(*redis.Cmd).SetVal(reply)
		return nil
	}
}

func (a answers) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// watched returns how long after a moment a watch ends, if the layout is raised then and Redis answers as
// away says.
func watched(t *testing.T, raised time.Duration, away func(ctx context.Context, since time.Duration) error) (ended time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Dialer: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("there is no server")
		}})
		client.AddHook(answers(func(ctx context.Context) ([]any, error) {
			since := time.Since(began)
			if err := away(ctx, since); err != nil {
				return nil, err
			}
			reads := "1"
			if since >= raised {
				reads = "2"
			}
			return []any{reads, reads, "v9", "1"}, nil
		}))
		err := NewMark(client, "", "v1").Watch(t.Context())
		if ended = time.Since(began) - raised; !errors.As(err, new(*NewerError)) {
			t.Errorf("ended with %v", err)
		}
		_ = client.Close()
	})
	return ended
}

func TestARaisedLayoutIsNoticedWellWithinTenSeconds(t *testing.T) {
	there := func(context.Context, time.Duration) error { return nil }
	for raised, want := range map[time.Duration]time.Duration{
		time.Second: 4 * time.Second, 5 * time.Second: 0, 5*time.Second + 1: 5*time.Second - 1, 29 * time.Second: time.Second,
	} {
		if got := watched(t, raised, there); got != want {
			t.Errorf("raised after %s, it is noticed after %s, want %s", raised, got, want)
		}
	}
}

func TestALookThatIsNotAnsweredIsMadeAgainInASecond(t *testing.T) {
	gone := errors.New("connection refused")
	outage := func(_ context.Context, since time.Duration) error { // from 3 s to 60 s
		if since < 3*time.Second || since >= 60*time.Second {
			return nil
		}
		return gone
	}
	if got := watched(t, 60*time.Second, outage); got > time.Second {
		t.Errorf("Redis is back with a new layout, and it is noticed after %s", got)
	}
	silent := func(ctx context.Context, since time.Duration) error { // the second look is never answered
		if since < 9*time.Second || since >= 11*time.Second {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	if got := watched(t, 5*time.Second+1, silent); got != 8*time.Second-1 {
		t.Errorf("a look is not answered, and it is noticed after %s", got)
	}
}
