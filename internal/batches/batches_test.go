package batches

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clerk stands for the queues: it notes what is sent.
type clerk struct {
	mu     sync.Mutex
	sent   []string
	states map[string]tasks.State
}

// Enqueue implements [tasks.Enqueuer].
func (c *clerk) Enqueue(ctx context.Context, args tasks.Args, o tasks.Options) (tasks.Receipt, error) {
	payload, err := tasks.Encode(args)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, fmt.Sprintf("%s %s %t", args.Kind(), payload, tasks.RequestOf(ctx) != "" && o.ID != ""))
	return tasks.Receipt{ID: o.ID}, err
}

// States implements [Queue].
func (c *clerk) States(_ context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	all := make([]tasks.State, len(receipts))
	for i, r := range receipts {
		all[i] = c.states[r.ID]
	}
	return all, nil
}

// ended writes what a lane writes of a member.
func ended(t *testing.T, client redis.UniversalClient, b Batch, place int, o Outcome) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.HSet(t.Context(), format.BatchKey(b.Members[place].Queue, b.ID), fmt.Sprint(place), text).Err(); err != nil {
		t.Fatal(err)
	}
}

func two() Batch {
	return Batch{
		ID: "b", Request: uuid.MustParse("8b8f6d4e-6a55-4e0f-9a43-0c9d4b3a1c11"), Created: time.Now(), Then: &Then{Kind: "next", Payload: json.RawMessage("{}"), Results: "/results"},
		Members: []Member{{"agents", "x", "agent_a"}, {"scraping", "y", "scrape_b"}},
	}
}

func TestABatchIsFollowedOnceItsLastMemberHasEnded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := &clerk{}
		s, b := NewStore(client, "test:", c, 1000), two()
		if err := s.Begin(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		ended(t, client, b, 0, Outcome{ID: "x", State: tasks.StateSucceeded, Result: json.RawMessage("1")})
		ended(t, client, b, 1, Outcome{ID: "somebody else's", State: tasks.StateSucceeded, Result: json.RawMessage("0")})
		if err := s.Ended(t.Context(), "b"); err != nil || len(c.sent) > 0 {
			t.Errorf("%v, %v was sent although y has not ended", err, c.sent)
		}
		ended(t, client, b, 1, Outcome{ID: "y", State: tasks.StateFailed, Error: "broken"})
		if err := s.Ended(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		want := `next {"results":[{"id":"x","queue":"agents","state":"succeeded","result":1},{"id":"y","queue":"scraping","state":"failed","error":"broken"}]} true`
		if strings.Join(c.sent, "\n") != want {
			t.Errorf("sent %q, want %s", c.sent, want)
		}
		if n := client.ZCard(t.Context(), "test:batches").Val(); n != 0 {
			t.Errorf("%d batches are open", n)
		}
		if ttl := client.TTL(t.Context(), "test:batch:b").Val(); ttl <= 0 || ttl > keptAfterEnd {
			t.Errorf("it is kept for %s", ttl)
		}
		if err := s.Ended(t.Context(), "no such batch"); err != nil {
			t.Error(err)
		}
	})
}

func TestABatchBelongsToItsRequest(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, b := NewStore(client, "test:", &clerk{}, 1000), two()
		for range 2 {
			if err := s.Begin(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		b.Request = uuid.New()
		if err := s.Begin(t.Context(), b); !errors.Is(err, ErrTaken) {
			t.Errorf("error %v, want %v", err, ErrTaken)
		}
	})
}

func TestMembersOfWhichNobodyHasToldAreFound(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := &clerk{states: map[string]tasks.State{"x": tasks.StateCancelled}} // by a worker that knows no batches
		s, b := NewStore(client, "test:", c, 1000), two()
		now := time.Now()
		s.now = func() time.Time { return now }
		if err := s.Begin(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		look := func(after time.Duration, want string) {
			t.Helper()
			now = now.Add(after)
			if err := s.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.sent, "\n"); got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
		}
		look(time.Minute, "") // y may not be sent yet
		if err := s.Seal(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		look(time.Minute, `next {"results":[{"id":"x","queue":"agents","state":"cancelled"},{"id":"y","queue":"scraping","state":"deleted"}]} true`)
	})
}

func TestABatchWhoseSenderWasKilledIsClosedInTheEnd(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := &clerk{}
		s, b := NewStore(client, "test:", c, 1000), two()
		if err := s.Begin(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		s.now = func() time.Time { return time.Now().Add(sentWithin + time.Minute) }
		if err := s.Look(t.Context()); err != nil || len(c.sent) != 1 {
			t.Errorf("%v, sent %q", err, c.sent)
		}
	})
}

func TestResultsGoWhereThePointerSays(t *testing.T) {
	for _, tc := range []struct{ object, pointer, want string }{
		{``, "/results", `{"results":[1]}`},
		{`{"a":1}`, "/input/results", `{"a":1,"input":{"results":[1]}}`},
		{`{"in/put":{"b":2}}`, "/in~1put/~0x", `{"in/put":{"b":2,"~x":[1]}}`},
		{`{"n":12345678901234567890}`, "/r", `{"n":12345678901234567890,"r":[1]}`},
	} {
		got, err := put(json.RawMessage(tc.object), tc.pointer, json.RawMessage("[1]"))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s at %s: %s, %v; want %s", tc.object, tc.pointer, got, err, tc.want)
		}
	}
	for object, pointer := range map[string]string{`[]`: "/a", `{"a":1}`: "/a/b", `null`: "/a/b", `{}`: "a"} {
		if got, err := put(json.RawMessage(object), pointer, json.RawMessage("[1]")); err == nil {
			t.Errorf("%s at %s: %s", object, pointer, got)
		}
	}
}
