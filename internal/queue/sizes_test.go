package queue

import (
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// sizeOf returns the size of agents, where a user has two turns, but for the age of its oldest.
func sizeOf(t *testing.T, c *Client) (Size, time.Duration) {
	t.Helper()
	c.LimitTurns(map[string]int{"agents": 2})
	s, err := c.Size(t.Context(), "agents")
	if err != nil {
		t.Fatal(err)
	}
	oldest := s.Oldest
	s.Oldest = 0
	return s, oldest
}

func TestAQueueWhoseKeysAreNoneIsCountedAllTheSame(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{At: time.Now().Add(time.Hour)})
		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", nil), asynq.Queue("agents"), asynq.Group("g")); err != nil {
			t.Fatal(err)
		}
		want := Size{Queue: "agents", Waiting: 1, Scheduled: 1, Held: 1}
		if s, oldest := sizeOf(t, r.client); s != want || oldest < 0 || oldest > time.Minute {
			t.Errorf("size %+v, want %+v; oldest %s", s, want, oldest)
		}
		for _, part := range []string{"active", "scheduled", "groups", "processed", "archived", "completed"} {
			client.Del(t.Context(), format.Key("agents", part))
			client.Set(t.Context(), format.Key("agents", part), "a text", 0)
			sizes, err := r.client.Sizes(t.Context())
			if err != nil || len(sizes) != 1 || sizes[0].Waiting != 1 || sizes[0].Wrong == "" {
				t.Errorf("%s is a text: %+v, %v", part, sizes, err)
			}
		}
		s, _ := sizeOf(t, r.client)
		if s.Wrong = ""; s != (Size{Queue: "agents", Waiting: 1}) {
			t.Errorf("size %+v, want the one that waits alone", s)
		}
	})
}

func TestTheLoadIsWhatRunsAndWhatCouldBeforeLong(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for _, in := range []time.Duration{0, 0, 5 * time.Second, time.Hour} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{At: time.Now().Add(in)})
		}
		key := func(part string) string { return format.Key("agents", part) }
		ctx := t.Context()
		client.LPush(ctx, key("active"), "running")
		client.ZAdd(ctx, key("retry"), redis.Z{Score: float64(time.Now().Add(-time.Minute).Unix()), Member: "failed"})
		// Ada has one turn free, for two tasks; bob has none; carol's turns have ended; others perform
		// what dan's are for.
		groups := []string{"user:ada", "user:bob", "user:carol", "user:dan", "of-somebody-else"}
		for _, group := range groups {
			client.SAdd(ctx, key("groups"), group)
			client.ZAdd(ctx, key("g:"+group), redis.Z{Score: 1, Member: group + "1"}, redis.Z{Score: 2, Member: group + "2"})
		}
		for user, states := range map[string][]string{"ada": {"active"}, "bob": {"active", "pending"}, "carol": {"completed", "archived"}, "dan": {"retry", "retry"}} {
			for i, state := range states {
				id := user + "-turn-" + strconv.Itoa(i)
				client.SAdd(ctx, format.TurnsKey("agents")+user, id)
				client.HSet(ctx, format.TaskKey("agents", id), "state", state)
				if user == "dan" {
					client.HSet(ctx, format.TaskKey("agents", id), format.TurnField, 1)
				}
			}
		}
		client.Set(ctx, key("processed"), 7, 0)
		client.Set(ctx, key("failed"), 3, 0)
		want := Size{Queue: "agents", Waiting: 2, Running: 1, Scheduled: 2, Held: 10, Retrying: 1, Due: 2, Turns: 3, Processed: 7, Failures: 3}
		s, oldest := sizeOf(t, r.client)
		if s != want || s.Load() != 2+1+2+3 {
			t.Errorf("size %+v, want %+v; load %d", s, want, s.Load())
		}
		if oldest < 50*time.Second || oldest > 2*time.Minute {
			t.Errorf("the oldest has waited %s, want the minute since the retry was due", oldest)
		}
		if _, err := r.client.PauseQueue(ctx, "agents"); err != nil {
			t.Fatal(err)
		}
		if s, _ := sizeOf(t, r.client); !s.Paused || s.Load() != 1 {
			t.Errorf("paused: %+v, load %d; want what runs alone", s, s.Load())
		}
	})
}

func TestOfMoreUsersThanAreLookedAtTheHeldTasksAreEstimated(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range 3 * usersLookedAt {
				group := "user:" + strconv.Itoa(i)
				p.SAdd(t.Context(), format.Key("agents", "groups"), group)
				p.ZAdd(t.Context(), format.Key("agents", "g:"+group), redis.Z{Member: group + "a"}, redis.Z{Member: group + "b"}, redis.Z{Member: group + "c"})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := sizeOf(t, r.client); s.Held != 9*usersLookedAt || s.Turns != 6*usersLookedAt {
			t.Errorf("held %d, with a turn %d; want %d and %d", s.Held, s.Turns, 9*usersLookedAt, 6*usersLookedAt)
		}
	})
}

func TestWhatIsNoTimeSaysNothingOfHowLongATaskHasWaited(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		client.ZAdd(t.Context(), format.Key("agents", "scheduled"), redis.Z{Score: -1e300, Member: "never"})
		for _, since := range []string{"soon", "-1", "1e400", "nan"} {
			client.HSet(t.Context(), format.TaskKey("agents", receipt.ID), "pending_since", since)
			if s, oldest := sizeOf(t, r.client); oldest != 0 || s.Waiting != 1 {
				t.Errorf("since %q: %+v, oldest %s, want 0s", since, s, oldest)
			}
		}
	})
}
