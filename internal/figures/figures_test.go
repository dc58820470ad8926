package figures

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/queue/format"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

// untouched is what is told of a queue that nobody has used.
func untouched(queue string) map[string]float64 {
	all := map[string]float64{}
	for _, name := range []string{"load", "oldest_waiting_seconds", "paused", "attempts_total", "failures_total"} {
		all["switchyard_queue_"+name+" "+queue] = 0
	}
	for _, state := range []string{"waiting", "running", "scheduled", "held", "retrying", "failed", "succeeded"} {
		all["switchyard_queue_tasks "+queue+" "+state] = 0
	}
	all["switchyard_queue_up "+queue] = 1
	return all
}

func TestEveryConfiguredQueueIsToldBeforeItHasATask(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		want := map[string]float64{"switchyard_collector_up queues": 1, "switchyard_queues_left_out": 0}
		maps.Copy(want, untouched("agents"))
		maps.Copy(want, untouched("urgent"))
		if got := gather(t, NewQueues(newQueue(t, client), []string{"agents", "urgent"})); !maps.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestAQueueThatCannotBeReadTellsNoFigureAndHidesNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		client.Set(t.Context(), format.Key("agents", "pending"), "a text", 0)
		client.LPush(t.Context(), format.Key("default", "pending"), "a", "b")
		client.Set(t.Context(), format.Key("default", "paused"), 1, 0)
		want := untouched("default")
		want["switchyard_queue_tasks default waiting"], want["switchyard_queue_paused default"] = 2, 1
		want["switchyard_queue_up agents"] = 0
		want["switchyard_collector_up queues"], want["switchyard_queues_left_out"] = 1, 0
		if got := gather(t, NewQueues(newQueue(t, client), []string{"agents", "default"})); !maps.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestQueuesOfOthersAreToldWithinBounds(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for i := range maxOthers + 3 {
			client.SAdd(t.Context(), format.Queues, fmt.Sprintf("foreign%03d", i))
		}
		client.SAdd(t.Context(), format.Queues, "agents", "", "\xff", "a\nb", strings.Repeat("x", maxName+1))
		got := gather(t, NewQueues(newQueue(t, client), []string{"agents"}))
		var told []string
		for name := range got {
			if queue, ok := strings.CutPrefix(name, "switchyard_queue_up "); ok {
				told = append(told, queue)
			}
		}
		slices.Sort(told)
		if len(told) != 1+maxOthers || told[0] != "agents" || told[maxOthers] != "foreign049" || got["switchyard_queues_left_out"] != 3+4 {
			t.Errorf("told of %q, left out %v", told, got["switchyard_queues_left_out"])
		}
	})
}

func TestWithoutRedisAScrapeSaysSoOfEachCollectorAndQueue(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	server.Stop()
	q := NewQueues(newQueue(t, client), []string{"agents"})
	s := NewSchedule(schedule.NewStore(client, "switchyard:"))
	b := NewBrake(control.NewBrake(client, "switchyard:", events.NewLog(client, "switchyard:", "switchyard/0")))
	for collector, want := range map[prometheus.Collector]map[string]float64{
		q: {"switchyard_collector_up queues": 0, "switchyard_queue_up agents": 0},
		s: {"switchyard_collector_up schedule": 0},
		b: {"switchyard_collector_up brake": 0},
	} {
		if got := gather(t, collector); !maps.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	}
}

func TestTheScheduleAndTheBrakeAreTold(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := schedule.NewStore(client, "switchyard:")
		if _, err := store.Put(t.Context(), schedule.Entry{ID: "e", Spec: "@daily", Kind: "agent_a", Origin: schedule.OriginAPI}); err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{
			"switchyard_collector_up schedule": 1, "switchyard_schedule_entries": 1,
			"switchyard_schedule_overdue_entries": 0, "switchyard_schedule_overdue_seconds": 0,
		}
		if got := gather(t, NewSchedule(store)); !maps.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		brake := control.NewBrake(client, "switchyard:", events.NewLog(client, "switchyard:", "switchyard/0"))
		if _, err := brake.Pull(t.Context(), "ada", control.Order{}); err != nil {
			t.Fatal(err)
		}
		if _, err := brake.Ask(t.Context(), control.Pass{User: "ada", Task: "agents/a"}, "mail"); err != nil {
			t.Fatal(err)
		}
		want = map[string]float64{
			"switchyard_collector_up brake": 1, "switchyard_users_paused": 1, "switchyard_everyone_paused": 0, "switchyard_runs_awaiting_decision": 1,
		}
		if got := gather(t, NewBrake(brake)); !maps.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestManyScrapesCostOneReadingForThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		readings, fails := 0, error(nil)
		d := desc("a_reading", "Which it is.")
		c := newCollector("some", func(context.Context) ([]prometheus.Metric, error) {
			readings++
			return []prometheus.Metric{gauge(d, float64(readings))}, fails
		}, d)
		var scrapes sync.WaitGroup
		for range 5 {
			scrapes.Go(func() {
				if n := testutil.CollectAndCount(c); n != 2 {
					t.Errorf("told %d figures, want 2", n)
				}
			})
		}
		scrapes.Wait()
		time.Sleep(keptFor - time.Millisecond)
		if got := gather(t, c); readings != 1 || got["a_reading"] != 1 {
			t.Errorf("%d readings, told %v, want the first", readings, got)
		}
		time.Sleep(time.Millisecond)
		fails = errors.New("away")
		if got := gather(t, c); readings != 2 || got["a_reading"] != 2 || got["switchyard_collector_up some"] != 0 {
			t.Errorf("%d readings, told %v, want the second, which failed", readings, got)
		}
	})
}
