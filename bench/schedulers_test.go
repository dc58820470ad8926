package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestALagIsThatOfTheTaskWithWhichAPartWasThere(t *testing.T) {
	all := []arrival{{1, time.Millisecond}, {50, 5 * time.Millisecond}, {99, 7 * time.Millisecond}, {100, time.Second}}
	for p, want := range map[float64]time.Duration{0: time.Millisecond, 50: 5 * time.Millisecond, 51: 7 * time.Millisecond, 99: 7 * time.Millisecond, 100: time.Second} {
		if got := lagOf(all, 100, p); got != want {
			t.Errorf("p%v is %s, want %s", p, got, want)
		}
	}
	if got := lagOf(all, 101, 100); got != 0 {
		t.Errorf("the last of more than came is %s, want none", got)
	}
}

func TestArrivalsAreSeenAsTheyCome(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		due := client.Time(t.Context()).Val()
		step := make(chan struct{})
		var adding sync.WaitGroup
		adding.Go(func() {
			for i := range 3 {
				client.LPush(t.Context(), "asynq:{q}:pending", fmt.Sprint(i))
				<-step
			}
		})
		var told []int
		all, err := arrivals(t.Context(), client, "q", 3, due, func(n int) { told = append(told, n); step <- struct{}{} })
		adding.Wait()
		if err != nil || len(all) != 3 || all[2].tasks != 3 || fmt.Sprint(told) != "[1 2 3]" {
			t.Errorf("saw %v, told %v, %v; want one after the other", all, told, err)
		}
		for i, a := range all {
			if a.lag < 0 || i > 0 && a.lag < all[i-1].lag {
				t.Errorf("lags %v do not grow", all)
			}
		}
	})
}

func TestATickThatIsThereTwiceOrNotAtAllIsCounted(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, err := newRun(small(client))
		if err != nil {
			t.Fatal(err)
		}
		client.LPush(t.Context(), "asynq:{q}:pending", "bench-1@a", "bench-1@b", "bench-2@a")
		var h held
		if err := r.countTicks(t.Context(), schedulers{entries: 3, queue: "q"}, &h); err != nil {
			t.Fatal(err)
		}
		if c := r.report.Counts[0]; c.Handled != 2 || c.Repeated != 1 || h.tasks != 3 || r.report.Err() == nil {
			t.Errorf("counted %+v, %d tasks, error %v; want one tick missing and one twice", c, h.tasks, r.report.Err())
		}
	})
}

func TestAsynqsSchedulersHoldEveryEntryForTheMinute(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{AsynqScheduler, AsynqManager} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			client := redistest.Client(t, redistest.Server(t).Addr)
			minute := time.Now().UTC().Truncate(time.Minute).Add(time.Hour)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- RunAsynqScheduler(ctx, client, mode, 7, minute) }()
			entries := awaitSchedulerEntries(t, client, 7)
			for _, e := range entries {
				if !e.Next.Equal(minute) {
					t.Errorf("an entry is due at %s, want %s", e.Next, minute)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// awaitSchedulerEntries returns what asynq's schedulers tell of themselves, every ten
// seconds, once it is n entries.
func awaitSchedulerEntries(t *testing.T, client redis.UniversalClient, n int) []*asynq.SchedulerEntry {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(client)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		entries, err := inspector.SchedulerEntries()
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == n {
			return entries
		}
	}
	t.Fatalf("they never held %d entries", n)
	return nil
}
