package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

var firstTick = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// tickOf returns the nth tick of an entry, one second after the one before.
func tickOf(entry, kind string, n int) tasks.Tick {
	at := firstTick.Add(time.Duration(n) * time.Second)
	return tasks.Tick{Entry: entry, At: at, ID: entry + "@" + at.Format("20060102T150405Z"), Kind: kind, Payload: []byte(`{"text":"x"}`)}
}

// tick enqueues ticks and returns which of them were added.
func (r *rig) tick(ticks ...tasks.Tick) (added []bool) {
	r.T.Helper()
	for _, result := range r.client.EnqueueTicks(r.T.Context(), ticks, time.Now().Add(time.Hour)) {
		if result.Err != nil {
			r.T.Fatal(result.Err)
		}
		added = append(added, !result.Receipt.Duplicate)
	}
	return added
}

func (r *rig) wantTicks(want []bool, ticks ...tasks.Tick) {
	r.T.Helper()
	if got := r.tick(ticks...); !slices.Equal(got, want) {
		r.T.Errorf("added %v, want %v", got, want)
	}
}

// discard removes a task as asynq does once it is done, or somebody does by hand.
func (r *rig) discard(queue, id string) {
	r.T.Helper()
	if err := asynq.NewInspectorFromRedisClient(r.Redis).DeleteTask(queue, id); err != nil {
		r.T.Fatal(err)
	}
}

func TestATicksTaskIsStoredAsAsynqWouldStoreIt(t *testing.T) {
	minute, hour := time.Minute, time.Hour
	policies := map[string]routing.Patch{
		"agent_a": {}, "briefing_b": {Unique: &minute, Retention: &hour, HardLimit: &hour},
	}
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, policies, handlers{"agent_a": nothing, "briefing_b": nothing})
		for kind, queue := range map[string]string{"agent_a": "agents", "briefing_b": "briefings"} {
			tick := tickOf("e", kind, 0)
			stored := func() map[string]string {
				task := client.HGetAll(t.Context(), format.Key(queue, "t:"+tick.ID)).Val()
				if task["pending_since"] == "" {
					t.Errorf("%s: it does not say since when it waits", kind)
				}
				delete(task, "pending_since")
				_, task["index"], _ = strings.Cut(task["index"], "\n") // without the time
				return task
			}
			r.Enqueue(tasks.Raw{Name: kind, Payload: tick.Payload}, tasks.Options{ID: tick.ID})
			want := stored()
			r.discard(queue, tick.ID)
			r.wantTicks([]bool{true}, tick)
			if got := stored(); !maps.Equal(got, want) {
				t.Errorf("%s is stored as\n%q, want\n%q", kind, got, want)
			}
			if !slices.Contains(client.SMembers(t.Context(), format.Queues).Val(), queue) {
				t.Errorf("asynq does not know queue %s", queue)
			}
		}
		again := tickOf("another", "briefing_b", 0)
		r.wantTicks([]bool{false}, again) // its kind is unique, and one waits
	})
}

func TestATickIsAddedOnceWhateverBecameOfItsTask(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		first, second, third := tickOf("e", "agent_a", 0), tickOf("e", "agent_a", 1), tickOf("e", "agent_a", 2)
		r.wantTicks([]bool{true, true, true}, first, second, tickOf("other", "scrape_c", 0))
		r.discard("agents", first.ID)
		r.discard("agents", second.ID)
		r.wantTicks([]bool{false, false, true, false}, first, second, third, tickOf("other", "scrape_c", 0))
		if n := client.LLen(t.Context(), format.Key("agents", "pending")).Val(); n != 1 {
			t.Errorf("%d tasks wait, want the one of the third tick", n)
		}
	})
}

func TestNothingIsAddedOnceItIsTooLate(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		results := r.client.EnqueueTicks(t.Context(), []tasks.Tick{tickOf("e", "agent_a", 0)}, time.Now().Add(-time.Hour))
		if !errors.Is(results[0].Err, tasks.ErrTooLate) {
			t.Errorf("error %v, want ErrTooLate", results[0].Err)
		}
		r.wantTicks([]bool{true}, tickOf("e", "agent_a", 0))
	})
}

func TestATickThatCanNeverBeATaskIsInNobodysWay(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		bad := map[string]tasks.Tick{}
		bad[`kind "agent_z" is unknown: known are agent_a`] = tickOf("kind", "agent_z", 0)
		wrong := tickOf("payload", "agent_a", 0)
		wrong.Payload = []byte(`{"text":3}`)
		bad[`agent_a: field "text" is a number: it must be a string`] = wrong
		elsewhere := tickOf("queue", "agent_a", 0)
		elsewhere.Queue = "fast"
		bad[`agent_a: unknown queue "fast": use one of agents, briefings, scraping, default`] = elsewhere
		for want, tick := range bad {
			good := tickOf("beside:"+tick.Entry, "agent_a", 0)
			results := r.client.EnqueueTicks(t.Context(), []tasks.Tick{tick, good}, time.Now().Add(time.Hour))
			if err := results[0].Err; fmt.Sprint(err) != want || !tasks.IsPermanent(err) {
				t.Errorf("error %v, want a permanent one with %q", err, want)
			}
			if results[1].Err != nil || results[1].Receipt.ID != good.ID || results[1].Receipt.Duplicate {
				t.Errorf("beside it: %+v, want the good one added", results[1])
			}
		}
	})
}

func TestATickWakesAnIdleWorker(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		performed := make(chan string, 1)
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			performed <- task.ID
			return nil, nil
		}})
		r.start(lane.Options{Queue: "agents", Concurrency: 1, Poll: time.Hour})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "first"})
		tick := tickOf("e", "agent_a", 0)
		for _, want := range []string{"first", tick.ID} {
			if want == tick.ID {
				r.wantTicks([]bool{true}, tick)
			}
			select {
			case got := <-performed:
				if got != want {
					t.Errorf("performed %s, want %s", got, want)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s never ran", want)
			}
		}
	})
}

func TestStatesOfTasksAreReadTogether(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		waiting := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		delayed := r.Enqueue(note{As: "scrape_c"}, tasks.Options{At: time.Now().Add(time.Hour)})
		got, err := r.client.States(t.Context(), []tasks.Receipt{waiting, {ID: "gone", Queue: "agents"}, delayed})
		if want := []tasks.State{tasks.StateWaiting, "", tasks.StateScheduled}; err != nil || !slices.Equal(got, want) {
			t.Errorf("states are %q, %v; want %q", got, err, want)
		}
	})
}

func TestATicksTaskThatWaitedTooLongIsNotBegun(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "agent_late": func(context.Context, *tasks.Task, note) (any, error) {
			t.Error("begun")
			return nil, nil
		}})
		late, early := tickOf("late", "agent_late", 1), tickOf("early", "agent_a", 1)
		late.Expires, early.Expires = time.Now().Add(-time.Second), time.Now().Add(time.Hour)
		r.tick(late, early)
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 2})
		r.Await(routing.Agents, early.ID, inState(tasks.StateSucceeded))
		s := r.Await(routing.Agents, late.ID, inState(tasks.StateExpired))
		if want := "expired before it was begun: it could wait until " + late.Expires.UTC().Format(time.RFC3339); s.LastError != want || s.Retried != 0 {
			t.Errorf("after %d retries the task says %q, want %q", s.Retried, s.LastError, want)
		}
		r.AwaitLog("task", "outcome", "expired")
	})
}
