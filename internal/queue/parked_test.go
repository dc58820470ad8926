package queue

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestOfManyWhoUnparkATaskOneRunsIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			return nil, tasks.ParkedFor(time.Hour, "not now")
		}})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		stop := r.start(lane.Options{Queue: "agents", Concurrency: 1})
		status := r.Await("agents", receipt.ID, inState(tasks.StateParked))
		if until := time.Until(status.NextRun); until < 50*time.Minute || until > 70*time.Minute || status.Retried != 0 {
			t.Errorf("parked: %+v, want it to run again in an hour with no retry spent", status)
		}
		stop(0)
		fates := make(chan tasks.Unparked, 5)
		for range cap(fates) {
			go func() {
				fate, err := r.client.Unpark(t.Context(), "agents", receipt.ID)
				if err != nil {
					t.Error(err)
				}
				fates <- fate
			}()
		}
		var all []tasks.Unparked
		for range cap(fates) {
			all = append(all, <-fates)
		}
		slices.Sort(all)
		if want := []tasks.Unparked{tasks.NotParked, tasks.NotParked, tasks.NotParked, tasks.NotParked, tasks.GoesOn}; !slices.Equal(all, want) {
			t.Errorf("fates %v, want %v", all, want)
		}
		if n := client.LLen(t.Context(), format.Key("agents", "pending")).Val(); n != 1 {
			t.Errorf("it waits %d times, want once", n)
		}
	})
}

func TestAPostponedTaskIsScheduledAndSpendsNoRetry(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var attempts atomic.Int32
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			if n := attempts.Add(1); n < 5 {
				return nil, tasks.Postponed(20*time.Millisecond, "its host is busy")
			}
			if task.Attempt != 1 {
				t.Errorf("attempt %d, want 1", task.Attempt)
			}
			return nil, tasks.Postponed(time.Hour, "its host is busy")
		}})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		stop := r.start(lane.Options{Queue: "agents", Concurrency: 1})
		status := r.Await("agents", receipt.ID, func(s tasks.Status) bool {
			return s.State == tasks.StateScheduled && time.Until(s.NextRun) > time.Second // and not for the 20 ms before
		})
		stop(0)
		if until := time.Until(status.NextRun); until < 50*time.Minute || until > 70*time.Minute || status.Retried != 0 || status.LastError != "its host is busy" {
			t.Errorf("%+v, want it scheduled in an hour with no retry spent", status)
		}
		if n := client.ZCard(t.Context(), format.Key("agents", "retry")).Val(); n != 0 {
			t.Errorf("%d tasks wait for a retry", n)
		}
	})
}

func TestWhyATaskHadToWaitIsNoErrorOnceItHasSucceeded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, tc := range map[string]struct {
			first error
			want  string
		}{
			"postponed": {tasks.Postponed(time.Millisecond, "its host is busy"), ""},
			"parked":    {tasks.ParkedFor(time.Millisecond, "for a moment"), ""},
			"retried":   {tasks.RetryAfter(time.Millisecond, errors.New("503")), "503"},
		} {
			var attempts atomic.Int32
			r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
				if attempts.Add(1) == 1 {
					return nil, tc.first
				}
				return "done", nil
			}})
			receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{Retention: time.Hour})
			stop := r.start(lane.Options{Queue: "agents", Concurrency: 1})
			status := r.Await("agents", receipt.ID, func(s tasks.Status) bool { return s.State == tasks.StateSucceeded })
			stop(0)
			if status.LastError != tc.want || (len(status.Error) > 0) != (tc.want != "") {
				t.Errorf("%s: last error %q, error %s; want %q", name, status.LastError, status.Error, tc.want)
			}
		}
	})
}

func TestOnlyWhatIsParkedIsUnparked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		running, end := make(chan struct{}), make(chan struct{})
		var attempts, alone atomic.Int32
		r := newRig(t, client, nil, handlers{
			"agent_parked": func(context.Context, *tasks.Task, note) (any, error) { return nil, tasks.Parked("not now") },
			"agent_retry":  func(context.Context, *tasks.Task, note) (any, error) { return nil, errors.New("503") },
			"agent_dead": func(context.Context, *tasks.Task, note) (any, error) {
				return nil, tasks.Permanent(errors.New("404"))
			},
			"agent_both": func(context.Context, *tasks.Task, note) (any, error) {
				if attempts.Add(1) == 1 {
					return nil, tasks.Parked("not now")
				}
				return nil, errors.New("503")
			},
			"agent_alone": func(context.Context, *tasks.Task, note) (any, error) {
				if alone.Add(1) == 1 {
					return nil, tasks.ParkedFor(time.Millisecond, "for a moment")
				}
				return nil, errors.New("503")
			},
			"agent_slow": func(context.Context, *tasks.Task, note) (any, error) {
				close(running)
				<-end
				return nil, nil
			},
		})
		ids := map[string]string{}
		for _, kind := range []string{"agent_parked", "agent_retry", "agent_dead", "agent_both", "agent_alone", "agent_slow"} {
			ids[kind] = r.Enqueue(note{As: kind}, tasks.Options{}).ID
		}
		r.start(lane.Options{Queue: "agents", Concurrency: 6})
		defer close(end)
		<-running
		for kind, state := range map[string]tasks.State{
			"agent_parked": tasks.StateParked, "agent_both": tasks.StateParked, "agent_retry": tasks.StateRetrying, "agent_dead": tasks.StateFailed,
		} {
			r.Await("agents", ids[kind], inState(state))
		}
		r.Await("agents", ids["agent_alone"], func(s tasks.Status) bool { return s.State == tasks.StateRetrying && s.Retried == 1 })
		unpark := func(id string) tasks.Unparked {
			t.Helper()
			fate, err := r.client.Unpark(t.Context(), "agents", id)
			if err != nil {
				t.Fatal(err)
			}
			return fate
		}
		if fate := unpark(ids["agent_both"]); fate != tasks.GoesOn {
			t.Errorf("a parked task: %v, want that it goes on", fate)
		}
		r.Await("agents", ids["agent_both"], func(s tasks.Status) bool { return s.State == tasks.StateRetrying && s.Retried == 1 })
		// One that an earlier version has parked does not say so.
		if err := client.HDel(t.Context(), format.Key("agents", "t:"+ids["agent_parked"]), format.ParkedField).Err(); err != nil {
			t.Fatal(err)
		}
		got := map[string]tasks.Unparked{"gone": unpark("gone")}
		for kind, id := range ids {
			got[kind] = unpark(id)
		}
		want := map[string]tasks.Unparked{
			"gone": tasks.NotParked, "agent_retry": tasks.NotParked, "agent_dead": tasks.NotParked, "agent_both": tasks.NotParked,
			"agent_alone":  tasks.NotParked,
			"agent_parked": tasks.GoesOn, "agent_slow": tasks.StillEnding,
		}
		for kind, fate := range want {
			if got[kind] != fate {
				t.Errorf("%s: %v, want %v", kind, got[kind], fate)
			}
		}
		names := []string{"agents/gone", "agents/" + ids["agent_retry"], "agents/" + ids["agent_dead"], "agents/" + ids["agent_slow"]}
		if gone, err := r.client.Gone(t.Context(), names); err != nil || !slices.Equal(gone, []string{names[0], names[2]}) {
			t.Errorf("gone: %v, %v; want %v and %v", gone, err, names[0], names[2])
		}
	})
}
