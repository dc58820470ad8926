package batches

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Queue is what a batch asks of the queues.
type Queue interface {
	tasks.Enqueuer
	States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error)
}

// Store keeps batches. It is safe for concurrent use.
type Store struct {
	redis      redis.UniversalClient
	prefix     string
	queue      Queue
	maxPayload int
	now        func() time.Time
}

// NewStore returns the store whose keys begin with prefix. It looks at members, and sends what follows,
// by queue; maxPayload bounds the payload of that, in bytes.
func NewStore(client redis.UniversalClient, prefix string, queue Queue, maxPayload int) *Store {
	return &Store{redis: client, prefix: prefix, queue: queue, maxPayload: maxPayload, now: time.Now}
}

func (s *Store) key(id string) string { return s.prefix + "batch:" + id }

// open is the sorted set of the batches that have not ended, by when somebody looks at them next.
func (s *Store) open() string { return s.prefix + "batches" }

// byQueue returns the places of members by their queues.
func (b Batch) byQueue() map[string][]int {
	places := map[string][]int{}
	for i, m := range b.Members {
		places[m.Queue] = append(places[m.Queue], i)
	}
	return places
}

// Begin keeps a batch before its members are sent. To begin it again, by the same request, changes
// nothing. The error is [ErrTaken] or Redis's.
func (s *Store) Begin(ctx context.Context, b Batch) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode batch %s: %w", b.ID, err)
	}
	begun, err := s.redis.SetNX(ctx, s.key(b.ID), text, KeptFor).Result()
	if err != nil {
		return fmt.Errorf("begin batch %s: %w", b.ID, err)
	}
	if !begun {
		old, err := s.Get(ctx, b.ID)
		if err != nil || old.Request != b.Request {
			return errors.Join(err, ErrTaken)
		}
	}
	_, err = s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for queue, places := range b.byQueue() {
			key := format.BatchKey(queue, b.ID)
			p.HSetNX(ctx, key, format.BatchMembers, len(places))
			p.ExpireNX(ctx, key, KeptFor)
		}
		p.ZAddNX(ctx, s.open(), redis.Z{Score: float64(s.now().Add(lookAfter).Unix()), Member: b.ID})
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin batch %s: %w", b.ID, err)
	}
	return nil
}

// Seal says that all members of a batch were sent that Redis took: one that is not there any more was
// deleted.
func (s *Store) Seal(ctx context.Context, b Batch) error {
	b.Sealed = true
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode batch %s: %w", b.ID, err)
	}
	if err := s.redis.SetXX(ctx, s.key(b.ID), text, redis.KeepTTL).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("seal batch %s: %w", b.ID, err)
	}
	return nil
}

// Get returns a batch. The error is [ErrNotFound] or Redis's.
func (s *Store) Get(ctx context.Context, id string) (Batch, error) {
	var b Batch
	text, err := s.redis.Get(ctx, s.key(id)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return b, fmt.Errorf("batch %.100q: %w", id, ErrNotFound)
	case err != nil:
		return b, fmt.Errorf("read batch %.100q: %w", id, err)
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("batch %.100q cannot be read: %w", id, ErrNotFound)
	}
	return b, nil
}

// Refuse notes that a member was not sent.
func (s *Store) Refuse(ctx context.Context, b Batch, place int, why string) error {
	m := b.Members[place]
	return s.note(ctx, b, place, Outcome{ID: m.ID, Queue: m.Queue, State: Refused, Error: why})
}

// note writes what became of a member, unless it is known.
func (s *Store) note(ctx context.Context, b Batch, place int, o Outcome) error {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode what became of task %s: %w", o.ID, err)
	}
	if err := s.redis.HSetNX(ctx, format.BatchKey(o.Queue, b.ID), strconv.Itoa(place), text).Err(); err != nil {
		return fmt.Errorf("note what became of task %s of batch %s: %w", o.ID, b.ID, err)
	}
	return nil
}

// Outcomes returns what became of the members, in their order: nil of one that has not ended, as far
// as it is known.
func (s *Store) Outcomes(ctx context.Context, b Batch) ([]*Outcome, error) {
	queues := slices.Sorted(maps.Keys(b.byQueue()))
	replies := make([]*redis.MapStringStringCmd, len(queues))
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range queues {
			replies[i] = p.HGetAll(ctx, format.BatchKey(queue, b.ID))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what became of batch %s: %w", b.ID, err)
	}
	all := make([]*Outcome, len(b.Members))
	for i, queue := range queues {
		for place, text := range replies[i].Val() {
			n, err := strconv.Atoi(place)
			var o Outcome
			// Whoever sends a task may claim that it is a member.
			if err == nil && n >= 0 && n < len(all) && json.Unmarshal([]byte(text), &o) == nil && b.Members[n].ID == o.ID && b.Members[n].Queue == queue {
				o.Queue = queue
				all[n] = &o
			}
		}
	}
	return all, nil
}

// Open returns the states of the members of which nobody has told, by their places: "" of one that is
// not there.
func (s *Store) Open(ctx context.Context, b Batch, outcomes []*Outcome) (map[int]tasks.State, error) {
	var places []int
	var receipts []tasks.Receipt
	for i, o := range outcomes {
		if o == nil {
			places = append(places, i)
			receipts = append(receipts, tasks.Receipt{ID: b.Members[i].ID, Queue: b.Members[i].Queue})
		}
	}
	states, err := s.queue.States(ctx, receipts)
	open := make(map[int]tasks.State, len(states))
	for i, state := range states {
		open[places[i]] = state
	}
	return open, err
}
