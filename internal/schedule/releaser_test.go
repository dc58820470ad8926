package schedule

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
	"switchyard/internal/control"
	"switchyard/internal/deployment"
	"switchyard/internal/events"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// noRunner has no parked tasks to run.
type noRunner struct{}

func (noRunner) Unpark(context.Context, string, string) (tasks.Unparked, error) {
	return tasks.GoesOn, nil
}

func (noRunner) Gone(context.Context, []string) ([]string, error) { return nil, nil }

// heard passes releases on, and tells that it hears.
type heard struct {
	Releases
	once sync.Once
	some chan struct{}
}

func (h *heard) Released(ctx context.Context, told func(string)) {
	h.Releases.Released(ctx, func(user string) {
		h.once.Do(func() { close(h.some) })
		told(user)
	})
}

// startReleaser runs a releaser until the test ends. It hears when this returns.
func startReleaser(t *testing.T, client redis.UniversalClient, store *Store, brake *control.Brake) {
	t.Helper()
	ears := &heard{Releases: control.NewReleases(cache.NewPatternListener(client, "agent:resume:*")), some: make(chan struct{})}
	beside(t, NewReleaser(store, brake, ears, zap.NewNop()).Run)
	for deadline := time.After(patience); ; {
		if err := client.Publish(t.Context(), "agent:resume:nobody", "").Err(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ears.some:
			return
		case <-deadline:
			t.Fatal("the releaser hears nothing")
		default:
		}
	}
}

// beside runs an actor until the test ends.
func beside(t *testing.T, run func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// startGuard runs a worker's guard until the test ends. It obeys when this returns.
func startGuard(t *testing.T, client redis.UniversalClient, brake *control.Brake) {
	t.Helper()
	operator := &control.Operator{Brake: brake, Runner: noRunner{}, Audit: audit.NewLog(client, prefix)}
	overseer := control.NewOverseer(operator, zap.NewNop())
	channels := deployment.NewChannels(client, "test", deployment.Obey, zap.NewNop())
	beside(t, func(ctx context.Context) {
		ears := cache.NewPatternListener(client, "agent:pause:*", "agent:resume:*")
		control.NewGuard(brake, zap.NewNop()).Watch(ctx, ears, control.NewReceiver(operator, channels, overseer, zap.NewNop()))
	})
	for deadline := time.Now().Add(patience); ; {
		if err := client.Publish(t.Context(), "agent:pause:probe", "").Err(); err != nil {
			t.Fatal(err)
		}
		if held, err := brake.On(t.Context(), []string{"probe"}); err != nil || held[0] {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the guard obeys nobody")
		}
	}
}

func TestAReleasedBrakesEntryIsEnqueuedAtOnce(t *testing.T) {
	type site struct {
		client   redis.UniversalClient
		operator *control.Operator
	}
	releases := map[string]struct {
		pause, release func(context.Context, site) error
	}{
		"by a command": {
			func(ctx context.Context, s site) error {
				_, err := s.operator.Pause(ctx, "ada", audit.Actor{})
				return err
			},
			func(ctx context.Context, s site) error {
				_, err := s.operator.Resume(ctx, "ada", audit.Actor{})
				return err
			},
		},
		"by a message that a worker obeys": {
			func(ctx context.Context, s site) error {
				_, err := s.operator.Pause(ctx, "ada", audit.Actor{})
				return err
			},
			func(ctx context.Context, s site) error {
				return s.client.Publish(ctx, "agent:resume:ada", "please").Err()
			},
		},
		"of everyone": {
			func(ctx context.Context, s site) error {
				_, err := s.operator.Pause(ctx, control.Everyone, audit.Actor{})
				return err
			},
			func(ctx context.Context, s site) error {
				_, err := s.operator.Resume(ctx, control.Everyone, audit.Actor{})
				return err
			},
		},
	}
	for name, how := range releases {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				store, queue, brake := NewStore(client, prefix), newFakeQueue(), control.NewBrake(client, prefix, events.NewLog(client, prefix, "test"))
				s := site{client, &control.Operator{Brake: brake, Runner: noRunner{}, Audit: audit.NewLog(client, prefix)}}
				if err := how.pause(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				tick := overdue(t, store, owned("held", "ada"), 24*time.Hour)
				if err := workAll(t, NewEngine(store, queue, Options{Brake: brake})); err != nil {
					t.Fatal(err)
				}
				again := placeOf(t, store, "held")
				startReleaser(t, client, store, brake)
				startGuard(t, client, brake)
				start(t, store, queue, Options{Brake: brake})
				if err := how.release(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				queue.awaitTick(t, "held", tick)
				if now := client.Time(t.Context()).Val(); !now.Before(again.Add(-maxHold / 2)) {
					t.Errorf("enqueued by %s, want it long before %s, when it would be looked at anyway", now, again)
				}
			})
		})
	}
}

// placeOf returns when schedulers look at an entry next.
func placeOf(t *testing.T, store *Store, id string) time.Time {
	t.Helper()
	score, err := store.client.ZScore(t.Context(), store.dueKey(shardOf(id)), id).Result()
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(int64(score)).UTC()
}

// held adds entries of an owner whose tick is overdue, as a scheduler leaves them that found
// the brake on, and returns that tick.
func held(t *testing.T, store *Store, entries ...Entry) time.Time {
	t.Helper()
	if _, err := store.PutAll(t.Context(), entries, PutOptions{}); err != nil {
		t.Fatal(err)
	}
	now := store.client.Time(t.Context()).Val()
	next := now.Add(-time.Hour).UTC().Truncate(time.Second)
	_, err := store.client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for _, e := range entries {
			p.HSet(t.Context(), store.booksKey(shardOf(e.ID)), e.ID, Books{Next: next, Paused: e.Paused}.encode())
			p.ZAdd(t.Context(), store.dueKey(shardOf(e.ID)), redis.Z{Score: float64(now.Add(maxHold).UnixMilli()), Member: e.ID})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestReleaseConcernsTheEntriesOfItsOwnerAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		paused := owned("paused", "ada")
		paused.Paused = true
		tick := held(t, store, owned("e1", "ada"), owned("e2", "ada"), owned("e3", "bob"), owned("e4", ""), paused)
		put(t, store, owned("to-come", "ada"))
		place := placeOf(t, store, "e3")
		for _, want := range []int{2, 0} {
			if n, err := store.Release(t.Context(), "ada"); n != want || err != nil {
				t.Errorf("released %d, %v; want %d", n, err, want)
			}
		}
		for id, want := range map[string]time.Time{"e1": tick, "e2": tick, "e3": place, "e4": place, "paused": place} {
			if got := placeOf(t, store, id); !got.Equal(want) {
				t.Errorf("%s is looked at at %s, want %s", id, got, want)
			}
		}
		if n, err := store.Release(t.Context(), Everyone); n != 2 || err != nil {
			t.Errorf("released %d of everyone, %v; want those of the others", n, err)
		}
	})
}

func TestReleaseFindsManyEntries(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		const n = 2*MaxBatch + 100
		var entries []Entry
		for i := 0; len(entries) < n; i++ {
			if id := fmt.Sprint("e", i); shardOf(id) == 7 {
				entries = append(entries, owned(id, "ada"))
			}
		}
		for _, owner := range []string{"ada", Everyone} {
			held(t, store, entries...)
			if released, err := store.Release(t.Context(), owner); released != n || err != nil {
				t.Errorf("released %d entries of %s, %v; want %d", released, owner, err, n)
			}
		}
	})
}

func TestAHoldDecidedBeforeTheReleaseComesTooLate(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		tick := overdue(t, store, owned("e1", "ada"), 24*time.Hour)
		e := NewEngine(store, newFakeQueue(), Options{Brake: brakes{"ada": true}})
		b, err := store.claim(t.Context(), shardOf("e1"), 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		edits, err := e.perform(t.Context(), b)
		if err != nil || len(edits) != 1 {
			t.Fatalf("edits %v, %v; want the one that holds the entry", edits, err)
		}
		if n, err := store.Release(t.Context(), "ada"); n != 1 || err != nil {
			t.Fatalf("released %d, %v; want the claimed entry", n, err)
		}
		if err := e.write(t.Context(), shardOf("e1"), edits); err != nil {
			t.Fatal(err)
		}
		if place := placeOf(t, store, "e1"); !place.Equal(tick) {
			t.Errorf("it is looked at at %s, want %s: the brake was off by then", place, tick)
		}
	})
}
