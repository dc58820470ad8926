package usage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

func newBook(client redis.UniversalClient, limit Amount) *Book {
	return NewBook(client, "p:", limit, func() time.Time { return noon })
}

func TestParallelCallsSpendNoMoreThanTheLimit(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBook(client, Amount{Tokens: 10_000, Money: 100})
		var all sync.WaitGroup
		var refused atomic.Int64
		for run := range 50 {
			all.Go(func() {
				for step := range 10 {
					c, err := b.Reserve(t.Context(), "ada", "scholar", fmt.Sprintf("run %d step %d", run, step), Amount{Tokens: 100, Money: 0.1})
					if errors.Is(err, ErrTokens) {
						refused.Add(1)
						continue
					}
					if err == nil {
						err = c.Settle(t.Context(), Amount{Tokens: 90, Money: 0.05})
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		lines, err := b.Lines(t.Context(), "ada", noon)
		if err != nil || len(lines) != 1 {
			t.Fatal(lines, err)
		}
		l := lines[0]
		if l.Tokens > 10_000 || l.Tokens < 9_800 || l.Tokens != 90*l.Calls || l.Calls+refused.Load() != 500 || l.Agent != "scholar" || l.Day != "2030-06-01" {
			t.Errorf("spent %+v, refused %d; want all but what is too little for a call, and no more", l, refused.Load())
		}
	})
}

func TestWhatIsSetAsideCountsUntilItIsGivenBack(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBook(client, Amount{Money: 1}), t.Context()
		if _, err := b.Reserve(ctx, "ada", "a", "first", Amount{Money: 0.7}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Reserve(ctx, "ada", "a", "second", Amount{Money: 0.4}); !errors.Is(err, ErrMoney) {
			t.Errorf("the second: %v, want ErrMoney", err)
		}
		if _, err := b.Reserve(ctx, "bob", "a", "second", Amount{Money: 0.4}); err != nil {
			t.Errorf("another user: %v", err)
		}
		// The same call, tried again after its worker was lost, takes its own place.
		first, err := b.Reserve(ctx, "ada", "a", "first", Amount{Money: 0.9})
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Release(ctx); err != nil {
			t.Fatal(err)
		}
		second, err := b.Reserve(ctx, "ada", "a", "second", Amount{Money: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Settle(ctx, Amount{Tokens: 5, Money: 0.25}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Reserve(ctx, "ada", "a", "third", Amount{Money: 0.76}); !errors.Is(err, ErrMoney) {
			t.Errorf("the third: %v, want ErrMoney", err)
		}
		if _, err := b.Reserve(ctx, "ada", "a", "third", Amount{Money: 0.75}); err != nil {
			t.Errorf("what is left: %v", err)
		}
		// The next day is another one.
		b.now = func() time.Time { return noon.Add(12 * time.Hour) }
		if _, err := b.Reserve(ctx, "ada", "a", "fourth", Amount{Money: 1}); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

// lossy loses the answers of Redis to some commands that it has done.
type lossy struct{ lose atomic.Int64 }

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if l.lose.Add(-1) < 0 {
			return err
		}
		cmd.SetErr(errors.New("connection reset"))
		return cmd.Err()
	}
}

func TestAStepWhoseAnswerIsLostIsMadeAgainAndCountsOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBook(client, Amount{Tokens: 100}), t.Context()
		var loses lossy
		client.AddHook(&loses)
		for _, name := range []string{"first", "first", "second"} {
			loses.lose.Store(2)
			c, err := b.Reserve(ctx, "ada", "a", name, Amount{Tokens: 40})
			if err != nil {
				t.Fatal(err)
			}
			loses.lose.Store(2)
			if err := c.Settle(ctx, Amount{Tokens: 30}); err != nil {
				t.Fatal(err)
			}
		}
		lines, err := b.Lines(ctx, "ada", noon)
		if err != nil || len(lines) != 1 || lines[0].Tokens != 90 || lines[0].Calls != 3 {
			t.Errorf("lines %+v, %v; want three calls of 30 tokens", lines, err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := b.Reserve(ended, "ada", "a", "third", Amount{}); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v, want it to have given up", err)
		}
	})
}

func TestWhatWasSpentIsListedByUserDayAndAgent(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := newBook(client, Amount{}), t.Context()
		for i, day := range []int{-40, -1, 0, 0} {
			b.now = func() time.Time { return noon.AddDate(0, 0, day) }
			for _, user := range []string{"bob", "ada"} {
				c, err := b.Reserve(ctx, user, fmt.Sprintf("agent%d", i%2), fmt.Sprint(i), Amount{})
				if err == nil {
					err = c.Settle(ctx, Amount{Tokens: int64(i + 1), Money: 0.5})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		lines, err := b.Lines(ctx, "", noon.AddDate(0, 0, -1))
		want := "[{ada 2030-05-31 agent1 1 {2 0.5}} {ada 2030-06-01 agent0 1 {3 0.5}} {ada 2030-06-01 agent1 1 {4 0.5}} " +
			"{bob 2030-05-31 agent1 1 {2 0.5}} {bob 2030-06-01 agent0 1 {3 0.5}} {bob 2030-06-01 agent1 1 {4 0.5}}]"
		if got := fmt.Sprint(lines); got != want || err != nil {
			t.Errorf("lines %s, %v; want %s", got, err, want)
		}
		if lines, err = b.Lines(ctx, "ada", noon); err != nil || len(lines) != 2 {
			t.Errorf("one user's day: %v, %v", lines, err)
		}
		for _, user := range []string{"a*", "?da", "{ada}"} {
			if lines, err := b.Lines(ctx, user, noon); err != nil || len(lines) > 0 {
				t.Errorf("%s was taken for a pattern: %v, %v", user, lines, err)
			}
		}
		c, err := b.Reserve(ctx, "auth0|64af", "scout", "model 1", Amount{Tokens: 1})
		if err == nil {
			err = c.Settle(ctx, Amount{Tokens: 1})
		}
		if err != nil {
			t.Fatal(err)
		}
		if lines, err := b.Lines(ctx, "", noon); err != nil || !slices.ContainsFunc(lines, func(l Line) bool { return l.User == "auth0|64af" }) {
			t.Errorf("lines %v, %v; want those of auth0|64af among them", lines, err)
		}
	})
}
