package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/daemon"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

// await returns once done is true. Redis tells nobody when it gets there, so it is asked
// again and again.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s there is still not %s", what)
		}
	}
}

func TestASchedulerHearsOfAReleaseAndTellsAsynqmonOfItsTicks(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Operator().Pause(ctx, "ada", audit.Actor{Via: audit.Command}); err != nil {
		t.Fatal(err)
	}
	// An hour late at least, so that it is held for half a minute.
	entry := schedule.Entry{ID: "scout", Spec: "@every 1h", Kind: "agent_scout", Payload: []byte(`{"user":"ada"}`), Owner: "ada", Origin: schedule.OriginAPI}
	last := time.Now().Truncate(time.Hour).Add(-2 * time.Hour)
	if _, err := s.Schedule.PutAll(ctx, []schedule.Entry{entry}, schedule.PutOptions{Last: map[string]time.Time{"scout": last}}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		if err := NewScheduler(s).Run(daemon.Stop{Quiet: ctx, Drain: ctx}); err != nil {
			t.Error(err)
		}
	})
	await(t, "an entry that is held for long", func() bool {
		for _, key := range s.Redis.Keys(ctx, "*:due").Val() {
			now := s.Redis.Time(ctx).Val()
			if score := s.Redis.ZScore(ctx, key, "scout").Val(); score > float64(now.Add(25*time.Second).UnixMilli()) {
				return true
			}
		}
		return false
	})
	await(t, "a scheduler that listens", func() bool {
		return s.Redis.PubSubNumPat(ctx).Val() > 0
	})
	if _, err := s.Operator().Resume(ctx, "ada", audit.Actor{Via: audit.Command}); err != nil {
		t.Fatal(err)
	}
	await(t, "the held tick in the queue", func() bool {
		record, err := s.Schedule.Get(ctx, "scout")
		return err == nil && record.Books.Runs == 1
	})
	inspector := asynq.NewInspectorFromRedisClient(s.Redis)
	await(t, "its event in asynq's history", func() bool {
		events, err := inspector.ListSchedulerEnqueueEvents("scout")
		return err == nil && len(events) == 1 && strings.HasPrefix(events[0].TaskID, "scout@")
	})
}

func TestASchedulerThatHangsCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet, beQuiet := context.WithCancel(t.Context())
		release := make(chan struct{})
		defer close(release)
		began := time.Now()
		time.AfterFunc(time.Minute, beQuiet)
		err := endInTime(daemon.Stop{Quiet: quiet}, func(daemon.Stop) error { <-release; return nil })
		if took := time.Since(began); took != time.Minute+10*time.Second || fmt.Sprint(err) != "the schedule did not stop within 10s: what it was busy with is left to other schedulers" {
			t.Errorf("it ended after %s with %v, want 10s after it was to stop, and a reason", took, err)
		}
	})
}

func TestASchedulerThatStopsInTimeSaysWhatItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet, beQuiet := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, beQuiet)
		failed := errors.New("failed")
		err := endInTime(daemon.Stop{Quiet: quiet}, func(stop daemon.Stop) error {
			<-stop.Quiet.Done()
			time.Sleep(9 * time.Second) // it hands back what it claimed
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("got %v, want its own error", err)
		}
	})
}
