package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tell tells so many events of a user.
func tell(t *testing.T, l *Log, user string, n int) {
	t.Helper()
	for i := range n {
		if err := l.Tell(t.Context(), user, "progress", fmt.Appendf(nil, `{"done":%d}`, i+1)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventsAreReadInOrderFromAnyNumberOn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l := NewLog(client, "p:", "test")
		tell(t, l, "auth0|64af", 5)
		tell(t, l, "bob", 2)
		for after, want := range map[int64][]int64{-7: {1, 2, 3}, 0: {1, 2, 3}, 3: {4, 5}, 5: {}, 99: {}} {
			some, err := l.Read(t.Context(), "auth0|64af", after, 3)
			var got []int64
			for _, e := range some {
				got = append(got, e.Seq)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("after %d: %v, %v; want %v", after, got, err, want)
			}
		}
	})
}

func TestAnEventIsTheJSONThatIsPublished(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l, ctx := NewLog(client, "p:", `the "first"`), t.Context()
		heard := client.Subscribe(ctx, "agent:status:ada")
		defer func() { _ = heard.Close() }()
		if _, err := heard.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		for _, fields := range []string{`{"done":1}`, ` { "text": "a } b" } `, `{}`} {
			if err := l.Tell(ctx, "ada", "progress", []byte(fields)); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := l.Read(ctx, "ada", 0, 10)
		if err != nil || len(kept) != 3 {
			t.Fatalf("kept %v, %v", kept, err)
		}
		for i, end := range []string{`,"deployment":"the \"first\"","done":1}`, `,"deployment":"the \"first\"","text": "a } b"}`, `,"deployment":"the \"first\""}`} {
			m, err := heard.ReceiveMessage(ctx)
			begin := fmt.Sprintf(`{"version":1,"type":"progress","user":"ada","seq":%d,"at":"20`, i+1)
			if err != nil || m.Payload != kept[i].JSON || m.Payload[:len(begin)] != begin || m.Payload[len(m.Payload)-len(end):] != end {
				t.Errorf("published %v, kept %s; want %s…%s", m, kept[i].JSON, begin, end)
			}
		}
	})
}

// twice is a client that makes each command twice, as if the first answer were lost.
type twice struct{}

func (twice) DialHook(next redis.DialHook) redis.DialHook { return next }

func (twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		_ = next(ctx, cmd)
		return next(ctx, cmd)
	}
}

func (twice) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestAnEventWhoseAnswerWasLostIsToldOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l := NewLog(client, "p:", "test")
		client.AddHook(twice{})
		tell(t, l, "ada", 3)
		kept, err := l.Read(t.Context(), "ada", 0, 10)
		if err != nil || len(kept) != 3 || kept[2].Seq != 3 {
			t.Errorf("kept %v, %v; want three events", kept, err)
		}
	})
}

func TestOnlyTheLatestEventsAreKeptAndNumbersGoOn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l, ctx := NewLog(client, "p:", "test"), t.Context()
		const all = 3 * Kept
		tell(t, l, "ada", all)
		kept, err := l.Read(ctx, "ada", 0, all)
		if err != nil || len(kept) < Kept || len(kept) > 2*Kept || kept[len(kept)-1].Seq != all {
			t.Errorf("%d of %d are kept, %v; want about %d, the latest among them", len(kept), all, err, Kept)
		}
		_, stream := l.Keys("ada")
		if ttl := client.PTTL(ctx, stream).Val(); ttl <= 0 {
			t.Errorf("the stream is kept for %s, want it to end by itself", ttl)
		}
		client.Del(ctx, stream)
		tell(t, l, "ada", 1)
		if again, err := l.Read(ctx, "ada", 0, 10); err != nil || len(again) != 1 || again[0].Seq != all+1 {
			t.Errorf("after the stream is gone: %v, %v; want number %d", again, err, all+1)
		}
	})
}

func TestAStreamWhoseNumbersBeginAnewIsBegunAnew(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l, ctx := NewLog(client, "p:", "test"), t.Context()
		tell(t, l, "ada", 5)
		counter, _ := l.Keys("ada")
		client.Del(ctx, counter)
		tell(t, l, "ada", 1)
		if kept, err := l.Read(ctx, "ada", 0, 10); err != nil || len(kept) != 1 || kept[0].Seq != 1 {
			t.Errorf("kept %v, %v; want number 1 alone", kept, err)
		}
	})
}

func TestAFollowerMissesNothingAndHearsNothingTwice(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l := NewLog(client, "p:", "test")
		const before, during = 150, 150
		tell(t, l, "ada", before)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		began, done := make(chan struct{}), make(chan error, 1)
		var seen []int64
		go func() {
			done <- l.Follow(ctx, "ada", 10, func(e Event) error {
				if len(seen) == 0 {
					close(began)
				}
				seen = append(seen, e.Seq)
				if e.Seq == before+during {
					cancel()
				}
				return nil
			})
		}()
		<-began
		tell(t, l, "ada", during)
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for i, seq := range seen {
			if seq != int64(11+i) {
				t.Fatalf("event %d has number %d, want %d", i, seq, 11+i)
			}
		}
		if len(seen) != before+during-10 {
			t.Errorf("%d events, want %d", len(seen), before+during-10)
		}
	})
}

func TestAFollowerEndsWithTheErrorOfWhoeverItTells(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l := NewLog(client, "p:", "test")
		tell(t, l, "ada", 2)
		enough := errors.New("enough")
		if err := l.Follow(t.Context(), "ada", 0, func(Event) error { return enough }); !errors.Is(err, enough) {
			t.Error(err)
		}
	})
}
