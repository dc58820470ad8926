package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// placed is where a task stands: its hash, its place in the queue, and its lock.
type placed struct {
	fields  map[string]string
	message format.Message
	score   float64
	pending []string
	lock    string
	holds   time.Duration
}

// placeOf reads where the task x stands. What depends on the moment is only checked.
func placeOf(t *testing.T, client redis.UniversalClient, ttlFor time.Duration) placed {
	t.Helper()
	ctx := t.Context()
	p := placed{fields: client.HGetAll(ctx, format.TaskKey("agents", "x")).Val()}
	message, err := format.Decode(p.fields["msg"])
	if err != nil {
		t.Fatal(err)
	}
	delete(message.Headers, format.VersionHeader)
	if p.message = *message; len(message.Headers) == 0 {
		p.message.Headers = nil
	}
	delete(p.fields, "msg")
	delete(p.fields, format.DueField)
	delete(p.fields, format.IndexField)
	if since, there := p.fields["pending_since"]; there {
		nanos, err := strconv.ParseInt(since, 10, 64)
		if age := time.Since(time.Unix(0, nanos)); err != nil || age < 0 || age > time.Minute {
			t.Errorf("it waits since %s, %v", since, err)
		}
		p.fields["pending_since"] = "now"
	}
	p.score = client.ZScore(ctx, format.Key("agents", "scheduled"), "x").Val()
	p.pending = client.LRange(ctx, format.Key("agents", "pending"), 0, -1).Val()
	if key := p.fields["unique_key"]; key != "" {
		p.lock = client.Get(ctx, key).Val()
		if p.holds = client.TTL(ctx, key).Val(); p.holds > ttlFor || p.holds < ttlFor-time.Minute {
			t.Errorf("the lock holds for %s, want %s", p.holds, ttlFor)
		}
		p.holds = ttlFor
	}
	return p
}

func TestATaskIsStoredAsAsynqsClientWouldStoreIt(t *testing.T) {
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	hour, minute := time.Hour, 90*time.Second
	for name, tc := range map[string]struct {
		opts tasks.Options
		want []asynq.Option
		ttl  time.Duration
	}{
		"at once":        {tasks.Options{}, nil, 0},
		"unique":         {tasks.Options{Unique: minute}, []asynq.Option{asynq.Unique(minute)}, minute},
		"delayed":        {tasks.Options{At: at, Deadline: at.Add(hour)}, []asynq.Option{asynq.ProcessAt(at), asynq.Deadline(at.Add(hour))}, 0},
		"delayed unique": {tasks.Options{At: at, Unique: minute}, []asynq.Option{asynq.ProcessAt(at), asynq.Unique(minute)}, minute + hour},
		"overdue":        {tasks.Options{At: at.Add(-hour - minute/2), Retention: hour}, []asynq.Option{asynq.ProcessAt(at.Add(-hour - minute/2)), asynq.Retention(hour)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retries: new(3), SoftLimit: new(time.Second), HardLimit: new(90500 * time.Millisecond), Retention: new(time.Duration)}}, handlers{"agent_a": nothing})
				options := append([]asynq.Option{asynq.Queue("agents"), asynq.TaskID("x"), asynq.MaxRetry(3), asynq.Timeout(91 * time.Second)}, tc.want...)
				if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", []byte(`{"text":"x"}`)), options...); err != nil {
					t.Fatal(err)
				}
				want := placeOf(t, client, tc.ttl)
				if err := client.FlushDB(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				tc.opts.ID = "x"
				r.Enqueue(note{As: "agent_a", Text: "x"}, tc.opts)
				if got := placeOf(t, client, tc.ttl); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
					t.Errorf("it is stored as\n%+v, want\n%+v", got, want)
				}
				if queues := client.SMembers(t.Context(), format.Queues).Val(); !slices.Equal(queues, []string{"agents"}) {
					t.Errorf("asynq knows the queues %v", queues)
				}
				if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != 1 {
					t.Errorf("%d wake tokens, want 1", n)
				}
			})
		})
	}
}

func TestAKindWithoutAHardLimitIsGivenTenYears(t *testing.T) {
	for limit, want := range map[time.Duration]int64{0: 315360000, time.Millisecond: 1, time.Second: 1, time.Second + 1: 2} {
		m, err := format.Decode(string(message{policy: tasks.Policy{HardLimit: limit}}.encode()))
		if err != nil || m.Timeout != want {
			t.Errorf("hard limit %s is written as %d s, %v; want %d", limit, m.Timeout, err, want)
		}
	}
}

// several returns tasks of several queues, those of agents with the ID they are given.
func several(n int) []tasks.New {
	all := make([]tasks.New, n)
	for i := range all {
		kind := []string{"agent_a", "scrape_c"}[i%2]
		all[i] = tasks.New{Args: note{As: kind, Text: strconv.Itoa(i)}, Options: tasks.Options{ID: fmt.Sprintf("t%d", i)}}
	}
	return all
}

func TestManyTasksAreAddedInTheirOrder(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		all := several(2300)
		for i, added := range r.client.EnqueueMany(t.Context(), all) {
			want := tasks.Receipt{ID: all[i].Options.ID, Kind: all[i].Args.Kind(), Queue: []string{"agents", "scraping"}[i%2]}
			if added.Err != nil || added.Receipt != want {
				t.Fatalf("task %d: %+v, want %+v", i, added, want)
			}
		}
		var want []string
		for i := 0; i < len(all); i += 2 {
			want = append(want, all[i].Options.ID)
		}
		slices.Reverse(want) // asynq takes from the end
		if got := client.LRange(t.Context(), format.Key("agents", "pending"), 0, -1).Val(); !slices.Equal(got, want) {
			t.Errorf("%d tasks wait, want %d in the order they were given", len(got), len(want))
		}
		if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != format.MaxTokens {
			t.Errorf("%d wake tokens, want %d", n, format.MaxTokens)
		}
		for i, added := range r.client.EnqueueMany(t.Context(), all[:10]) {
			if added.Err != nil || !added.Receipt.Duplicate {
				t.Errorf("task %d again: %+v, want a duplicate", i, added)
			}
		}
	})
}

func TestOneBadTaskOfManyStopsNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		all := []tasks.New{
			{Args: note{As: "agent_a", Text: "1"}, Options: tasks.Options{ID: "same"}},
			{Args: note{As: "agent_a", Text: "2"}, Options: tasks.Options{ID: "same"}},
			{Args: note{As: "agent_z"}},
			{Args: note{As: "agent_a", Text: "u"}, Options: tasks.Options{ID: "first", Unique: time.Minute}},
			{Args: note{As: "agent_a", Text: "u"}, Options: tasks.Options{Unique: time.Minute}},
			{Args: note{As: "scrape_c"}, Options: tasks.Options{ID: "last"}},
		}
		got := r.client.EnqueueMany(t.Context(), all)
		want := []tasks.Receipt{
			{ID: "same", Kind: "agent_a", Queue: "agents"}, {ID: "same", Kind: "agent_a", Queue: "agents", Duplicate: true}, {},
			{ID: "first", Kind: "agent_a", Queue: "agents"}, {ID: "first", Kind: "agent_a", Queue: "agents", Duplicate: true},
			{ID: "last", Kind: "scrape_c", Queue: "scraping"},
		}
		for i, added := range got {
			if added.Receipt != want[i] || (added.Err != nil) != (i == 2) {
				t.Errorf("task %d: %+v, want %+v", i, added, want[i])
			}
		}
		if err := got[2].Err; !tasks.IsPermanent(err) || fmt.Sprint(err) != `kind "agent_z" is unknown: known are agent_a, scrape_c` {
			t.Errorf("the unknown kind: %v", err)
		}
	})
}

func TestATaskThatWasNotAddedLeavesNoLock(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a", Text: "old"}, tasks.Options{ID: "x"})
		if receipt := r.Enqueue(note{As: "agent_a", Text: "new"}, tasks.Options{ID: "x", Unique: time.Hour}); !receipt.Duplicate {
			t.Errorf("%+v, want a duplicate", receipt)
		}
		if receipt := r.Enqueue(note{As: "agent_a", Text: "new"}, tasks.Options{ID: "y", Unique: time.Hour}); receipt.Duplicate {
			t.Error("the task that was not added holds the lock")
		}
	})
}

func TestAKeyOfAnotherTypeIsNamedAndNothingIsHalfWritten(t *testing.T) {
	later := time.Now().Add(time.Hour)
	lock := format.LockKey("agents", "agent_a", []byte(`{"text":"x"}`))
	for key, tc := range map[string]struct {
		opts tasks.Options
		is   string
	}{
		format.Key("agents", "pending"):   {tasks.Options{}, "string and must be a list"},
		format.Key("agents", "scheduled"): {tasks.Options{At: later}, "string and must be a zset"},
		format.WakeKey("agents"):          {tasks.Options{}, "string and must be a list"},
		format.TaskKey("agents", "x"):     {tasks.Options{}, "string and must be a hash"},
		lock:                              {tasks.Options{Unique: time.Minute}, "list and must be a string"},
	} {
		t.Run(key, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
				var err error
				if key == lock {
					err = client.RPush(t.Context(), key, "x").Err()
				} else {
					err = client.Set(t.Context(), key, "x", 0).Err()
				}
				if err != nil {
					t.Fatal(err)
				}
				tc.opts.ID = "x"
				got := r.client.EnqueueMany(t.Context(), []tasks.New{{Args: note{As: "agent_a", Text: "x"}, Options: tc.opts}, {Args: note{As: "scrape_c"}}})
				want := fmt.Sprintf("enqueue agent_a: key %s is a %s: it is not asynq's; rename or delete it", key, tc.is)
				if got[0].Err == nil || got[0].Err.Error() != want || got[1].Err != nil {
					t.Errorf("errors %v and %v, want %s and none", got[0].Err, got[1].Err, want)
				}
				keys := slices.DeleteFunc(client.Keys(t.Context(), "*{agents}*").Val(), func(key string) bool { return key == format.KindsKey("agents") })
				if !slices.Equal(keys, []string{key}) {
					t.Errorf("keys %v, want no other than %s", keys, key)
				}
			})
		})
	}
}

func TestATickIsTriedAgainOnceTheKeyInItsWayIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		first, second := tickOf("e", "agent_a", 0), tickOf("other", "agent_a", 0)
		key := format.TaskKey("agents", first.ID)
		if err := client.Set(t.Context(), key, "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		got := r.client.EnqueueTicks(t.Context(), []tasks.Tick{first, second}, time.Now().Add(time.Hour))
		if err := got[0].Err; err == nil || tasks.IsPermanent(err) || got[1].Err != nil {
			t.Errorf("errors %v and %v, want a passing one and none", err, got[1].Err)
		}
		if err := client.Del(t.Context(), key).Err(); err != nil {
			t.Fatal(err)
		}
		r.wantTicks([]bool{true, false}, first, second)
	})
}

// deaf is a client whose answers to scripts are lost, once.
type deaf struct {
	redis.UniversalClient
	lost bool
}

func (d *deaf) Pipelined(ctx context.Context, fn func(redis.Pipeliner) error) ([]redis.Cmder, error) {
	cmds, err := d.UniversalClient.Pipelined(ctx, fn)
	if d.lost {
		return cmds, err
	}
	d.lost = true
	return d.UniversalClient.Pipelined(ctx, fn)
}

func TestATaskWhoseAnswerWasLostIsNoDuplicateOfItself(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{}) // the script is known now
		r.client.redis = &deaf{UniversalClient: client}
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{Unique: time.Minute})
		if receipt.Duplicate {
			t.Error("the task that was added is called a duplicate")
		}
		if n := client.LLen(t.Context(), format.Key("agents", "pending")).Val(); n != 2 {
			t.Errorf("%d tasks wait, want 2", n)
		}
	})
}

func TestARedisThatIsFullTakesNoTaskInPart(t *testing.T) {
	server := redistest.Server(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	client := redistest.Client(t, server.Addr)
	r := newRig(t, client, nil, handlers{"agent_a": nothing})
	_, err := r.client.Enqueue(t.Context(), note{As: "agent_a"}, tasks.Options{ID: "x", Unique: time.Minute})
	if err == nil || !strings.HasPrefix(err.Error(), "enqueue agent_a: OOM command not allowed when used memory > 'maxmemory'. script: ") {
		t.Errorf("error %v, want Redis's own", err)
	}
	if keys := client.Keys(t.Context(), "*").Val(); len(keys) != 0 {
		t.Errorf("it left %v", keys)
	}
}
