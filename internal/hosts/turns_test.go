package hosts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestNoMoreTasksHaveATurnThanAHostAllows(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 2}
		first := take(t, turns, host, "a")
		take(t, turns, host, "b")
		if busy := wait(t, turns, host, "c"); busy.Ahead != 0 || busy.Wait <= 0 || busy.Error() != "waits for example.com and is the next one there" {
			t.Errorf("c: %+v", busy)
		}
		take(t, turns, Host{Name: "other.example", Concurrency: 1}, "d")
		leave(t, first)
		take(t, turns, host, "c")
		_ = wait(t, turns, host, "e")
	})
}

func TestTurnsOfAHostAreSpacedFromTheLastRequest(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 5, Spacing: time.Minute}
		turn := take(t, turns, host, "a")
		for i := range 3 {
			busy := wait(t, turns, host, fmt.Sprint("b", i))
			least, most := time.Duration(i+1)*time.Minute-10*time.Second, time.Duration(i+2)*time.Minute+20*time.Second
			if busy.Wait < least || busy.Wait > most || busy.Ahead != i {
				t.Errorf("task %d waits %s behind %d, want %s to %s", i, busy.Wait, busy.Ahead, least, most)
			}
		}
		before := wait(t, turns, host, "b0").Wait
		turn.Asks()
		leave(t, turn)
		if after := wait(t, turns, host, "b0").Wait; after < 59*time.Second {
			t.Errorf("waits %s, before the last request %s: the spacing is not from there", after, before)
		}
	})
}

func TestTasksHaveTheirTurnsInTheOrderInWhichTheyCame(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 1, Spacing: 20 * time.Millisecond}
		first := take(t, turns, host, "first")
		var names []string
		for i := range 8 {
			names = append(names, fmt.Sprint("t", i))
			_ = wait(t, turns, host, names[i])
		}
		leave(t, first)
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		for _, name := range slices.Backward(names) {
			all.Go(func() {
				turn, _, err := come(t.Context(), turns, host, name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				leave(t, turn)
			})
		}
		all.Wait()
		if !slices.Equal(order, names) {
			t.Errorf("order %v, want %v", order, names)
		}
	})
}

// TestATaskThatWaitsComesOnceMore has tasks come a little late, as they do: it adds up to nothing.
func TestATaskThatWaitsComesOnceMore(t *testing.T) {
	const n, late = 40, 80 * time.Millisecond
	server := redistest.Mini(t)
	turns, host := NewTurns(redistest.Client(t, server.Addr()), "switchyard:", time.Minute), Host{Name: "example.com", Concurrency: 1, Spacing: time.Second}
	began := time.Now()
	due, entered := make(map[string]time.Time), 0
	for i := range n {
		due[fmt.Sprint(i)] = began
	}
	var last time.Time
	for len(due) > 0 {
		id := slices.MinFunc(slices.Collect(maps.Keys(due)), func(a, b string) int { return due[a].Compare(due[b]) })
		now := due[id]
		server.SetTime(now)
		entered++
		turn, err := turns.Enter(t.Context(), host, id)
		var busy *BusyError
		switch {
		case errors.As(err, &busy):
			due[id] = now.Add(busy.Wait + late)
			continue
		case err != nil:
			t.Fatal(err)
		case now.Sub(last) < host.Spacing:
			t.Errorf("turns are %s apart", now.Sub(last))
		}
		leave(t, turn)
		last = now
		delete(due, id)
	}
	if took := last.Sub(began); entered > 2*n+n/10 || took > n*1150*time.Millisecond {
		t.Errorf("%d tasks entered %d times and took %s, want twice, and about 1.1s each", n, entered, took)
	}
}

func TestATaskThatDoesNotComeAgainStopsNobody(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 1}
		turn := take(t, turns, host, "a")
		_ = wait(t, turns, host, "gone")
		leave(t, turn)
		if busy := wait(t, turns, host, "b"); busy.Ahead != 1 {
			t.Errorf("b: %+v, want it behind the one that was first", busy)
		}
		if _, _, err := come(t.Context(), turns, host, "b"); err != nil {
			t.Error(err)
		}
	})
}

func TestAKilledWorkerBlocksAHostNoLongerThanItsLease(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		host := Host{Name: "example.com", Concurrency: 1}
		turns := NewTurns(client, "switchyard:", 300*time.Millisecond)
		take(t, turns, host, "lost")
		_ = wait(t, turns, host, "a")
		lost := take(t, turns, host, "lost") // its task runs again
		if _, _, err := come(t.Context(), turns, host, "a"); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		if err := lost.Leave(t.Context(), Visit{Refused: refused}); !errors.Is(err, refused) || errors.As(err, new(*BusyError)) {
			t.Errorf("a turn that has lapsed ends with %v", err)
		}
		if busy := wait(t, turns, host, "b"); busy.Wait > time.Second {
			t.Errorf("b waits %s: a turn that has lapsed has paused the host", busy.Wait)
		}
	})
}

func TestALostAttemptThatComesBackEndsNoTurnOfTheNext(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 1}
		lost := take(t, turns, host, "a")
		next := take(t, turns, host, "a")
		if err := lost.Leave(t.Context(), Visit{Answered: true, Refused: errors.New("503"), Pause: time.Hour}); errors.As(err, new(*BusyError)) {
			t.Errorf("the lost attempt is told %v, want nothing to wait for", err)
		}
		if busy := wait(t, turns, host, "b"); busy.Wait > time.Minute {
			t.Fatalf("b waits %s: the lost attempt has paused the host", busy.Wait)
		}
		leave(t, next)
		if turn, _, err := come(t.Context(), turns, host, "b"); err != nil || turn == nil {
			t.Errorf("b has no turn after the next attempt: %v", err)
		}
	})
}

func TestAHostThatRefusesIsPausedForEverybody(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 3}
		refused := errors.New("503")
		first, second := take(t, turns, host, "a"), take(t, turns, host, "b")
		err := first.Leave(t.Context(), Visit{Answered: true, Refused: refused, Pause: time.Hour})
		var busy *BusyError
		if !errors.As(err, &busy) || !errors.Is(err, refused) || busy.Wait < time.Hour || busy.Wait > 80*time.Minute {
			t.Errorf("a: %v, want it to come again after the pause", err)
		}
		if err.Error() != "waits for example.com, which asks to be left alone: 503" {
			t.Errorf("a: %v", err)
		}
		leave(t, second)
		if busy := wait(t, turns, host, "c"); busy.Wait < 59*time.Minute {
			t.Errorf("c: %v %s", busy, busy.Wait)
		}
	})
}

func TestAPauseWithoutATimeGrowsWithEachRefusal(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		turns, host := NewTurns(client, "switchyard:", time.Minute), Host{Name: "example.com", Concurrency: 1}
		for i, least := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second} {
			turn := take(t, turns, host, fmt.Sprint(i))
			var busy *BusyError
			if err := turn.Leave(t.Context(), Visit{Answered: true, Refused: errors.New("429")}); !errors.As(err, &busy) || busy.Wait < least || busy.Wait > least*5/4 {
				t.Errorf("refusal %d: %v, want a pause of %s", i, err, least)
			}
			pass(t, client)
		}
		leave(t, take(t, turns, host, "ok"))
		pass(t, client)
		var busy *BusyError
		if err := take(t, turns, host, "z").Leave(t.Context(), Visit{Answered: true, Refused: errors.New("429")}); !errors.As(err, &busy) || busy.Wait > 7*time.Second {
			t.Errorf("after an answer: %v", err)
		}
	})
}

// pass lets the pause of example.com pass, and everybody's place with it.
func pass(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	ctx, at := t.Context(), "switchyard:{host:example.com}:"
	if err := errors.Join(client.HDel(ctx, at+"turns", "paused", "opens").Err(), client.Del(ctx, at+"line").Err()); err != nil {
		t.Fatal(err)
	}
}

func TestATaskIsPutBackTenTimesAndThenRefused(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		turns, host, refused := NewTurns(client, "switchyard:", time.Minute), Host{Name: "example.com", Concurrency: 1}, errors.New("503")
		for i := range 11 {
			err := take(t, turns, host, "a").Leave(t.Context(), Visit{Answered: true, Refused: refused, Pause: time.Second})
			if busy := errors.As(err, new(*BusyError)); busy != (i < 10) || !errors.Is(err, refused) {
				t.Errorf("refusal %d: %v", i+1, err)
			}
			pass(t, client)
		}
		leave(t, take(t, turns, host, "a"))
		if err := take(t, turns, host, "a").Leave(t.Context(), Visit{Answered: true, Refused: refused}); !errors.As(err, new(*BusyError)) {
			t.Errorf("after an answer: %v", err)
		}
	})
}

func TestADelayThatAHostAsksForRaisesTheSpacing(t *testing.T) {
	on(t, func(t *testing.T, turns *Turns) {
		host := Host{Name: "example.com", Concurrency: 1, Spacing: time.Millisecond}
		if err := take(t, turns, host, "a").Leave(t.Context(), Visit{Answered: true, Delay: 30 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if busy := wait(t, turns, host, "b"); busy.Wait < 29*time.Second || busy.Wait > 36*time.Second {
			t.Errorf("b waits %s, want 30s and up to a fifth more", busy.Wait)
		}
	})
}

func TestWhatIsDamagedInRedisIsForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		turns, host, ctx := NewTurns(client, "switchyard:", time.Minute), Host{Name: "example.com", Concurrency: 1}, t.Context()
		keys := turns.keys(host.Name)
		for name, damage := range map[string]func(){
			"wrong types": func() {
				for _, key := range keys {
					client.Set(ctx, key, "x", 0)
				}
			},
			"no numbers": func() {
				client.HSet(ctx, keys[0], "opens", "nan", "paused", "inf?", "took", "-5", "delay", "1e400", "strikes", "many")
			},
			"a place without a time": func() { client.ZAdd(ctx, keys[2], redis.Z{Score: 1, Member: "ghost"}) },
			"a refusal of no form":   func() { client.HSet(ctx, keys[4], "a", "often") },
		} {
			client.Del(ctx, keys...)
			damage()
			turn, err := turns.Enter(ctx, host, "a")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var busy *BusyError
			if err := turn.Leave(ctx, Visit{Answered: true, Refused: errors.New("503"), Pause: time.Minute}); !errors.As(err, &busy) {
				t.Errorf("%s: left with %v", name, err)
			}
		}
		client.HSet(ctx, keys[0], "opens", "9e15", "paused", "9e15")
		if busy := wait(t, turns, host, "b"); busy.Wait > 25*time.Hour {
			t.Errorf("b waits %s, for a time of no sense", busy.Wait)
		}
	})
}

func TestNothingOfAHostIsKeptForEver(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		turns, host, ctx := NewTurns(client, "switchyard:", time.Minute), Host{Name: "example.com", Concurrency: 2, Spacing: time.Millisecond}, t.Context()
		turn := take(t, turns, host, "a")
		if _, _, err := come(ctx, turns, host, "b"); err != nil {
			t.Fatal(err)
		}
		_ = wait(t, turns, host, "c")
		_ = turn.Leave(ctx, Visit{Answered: true, Refused: errors.New("503"), Pause: time.Minute})
		for _, key := range turns.keys(host.Name) {
			if ttl := client.PTTL(ctx, key).Val(); ttl < time.Second || ttl > 49*time.Hour {
				t.Errorf("%s is kept for %s", key, ttl)
			}
		}
	})
}

func TestTheKeysOfAHostAreInOneSlot(t *testing.T) {
	turns := NewTurns(nil, "p:", time.Minute)
	for _, key := range turns.keys("example.com") {
		if !strings.HasPrefix(key, "p:{host:example.com}:") {
			t.Errorf("key %s", key)
		}
	}
}
