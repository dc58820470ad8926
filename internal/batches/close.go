package batches

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Ended looks at a batch of which a member has ended, and closes it if that was the last one.
func (s *Store) Ended(ctx context.Context, id string) error {
	b, err := s.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil // its time is over, or it never was
	}
	if err != nil {
		return err
	}
	counts := make([]*redis.IntCmd, 0, 4)
	_, err = s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for queue := range b.byQueue() {
			counts = append(counts, p.HLen(ctx, format.BatchKey(queue, id)))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count what is left of batch %s: %w", id, err)
	}
	ended := 0
	for _, n := range counts {
		ended += int(n.Val()) - 1 // one field is how many there are
	}
	if ended < len(b.Members) {
		return nil
	}
	outcomes, err := s.Outcomes(ctx, b)
	if err != nil {
		return err
	}
	return s.close(ctx, b, outcomes)
}

// close sends what follows a batch, if all members have ended, and lets go of the batch.
func (s *Store) close(ctx context.Context, b Batch, outcomes []*Outcome) error {
	if slices.Contains(outcomes, nil) {
		return nil
	}
	if err := s.follow(ctx, b, outcomes); err != nil {
		return err
	}
	if err := s.redis.ZRem(ctx, s.open(), b.ID).Err(); err != nil {
		return fmt.Errorf("close batch %s: %w", b.ID, err)
	}
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Expire(ctx, s.key(b.ID), keptAfterEnd)
		for queue := range b.byQueue() {
			p.Expire(ctx, format.BatchKey(queue, b.ID), keptAfterEnd)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("close batch %s: %w", b.ID, err)
	}
	return nil
}

// follow sends what follows a batch. Whoever does so, and however often, it is sent once: the queue
// remembers the request for a day.
func (s *Store) follow(ctx context.Context, b Batch, outcomes []*Outcome) error {
	if b.Then == nil {
		return nil
	}
	payload, err := b.Then.payload(outcomes, s.maxPayload)
	if err != nil {
		return err
	}
	ctx = tasks.WithRequest(ctx, b.Request)
	if _, err := s.queue.Enqueue(ctx, tasks.Raw{Name: b.Then.Kind, Payload: payload}, tasks.Options{ID: b.ThenID()}); err != nil {
		return fmt.Errorf("send what follows batch %s: %w", b.ID, err)
	}
	return nil
}

// payload returns the payload of what follows, with the results in it. If they are too large, it has
// only what became of each member.
func (t Then) payload(outcomes []*Outcome, limit int) ([]byte, error) {
	payload, err := t.with(outcomes)
	if err != nil || len(payload) <= limit {
		return payload, err
	}
	short := make([]*Outcome, len(outcomes))
	for i, o := range outcomes {
		short[i] = &Outcome{ID: o.ID, Queue: o.Queue, State: o.State, LeftOut: len(o.Result) > 0 || o.LeftOut}
	}
	return t.with(short)
}

// with returns the payload with outcomes in it.
func (t Then) with(outcomes []*Outcome) ([]byte, error) {
	text, err := json.Marshal(outcomes)
	if err != nil {
		return nil, fmt.Errorf("encode results: %w", err)
	}
	return put(t.Payload, t.Results, text)
}

// Check reports why results could not be put where they are to go, and returns the payload as it
// would be without any.
func (t Then) Check() ([]byte, error) { return t.with([]*Outcome{}) }
