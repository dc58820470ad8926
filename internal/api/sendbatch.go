package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/batches"
	"switchyard/internal/tasks"
)

// isBatch reports whether the tasks are to be known as a batch.
func (in *manyInput) isBatch() bool { return in.Body.ID != "" || in.Body.Then != nil }

// key returns what the request is known by. The ID of a batch does as well as a key.
func (in *manyInput) key() string {
	if in.Key == "" && in.Body.ID != "" {
		return "batch " + in.Body.ID
	}
	return in.Key
}

// checkMany reports what is wrong with a request as a whole.
func (s *server) checkMany(ctx context.Context, in *manyInput) error {
	if in.Body.ID != "" {
		if err := batches.CheckID(in.Body.ID); err != nil {
			return invalid("/id", err)
		}
	}
	then := in.Body.Then.then()
	if then == nil {
		if len(in.Body.Items) == 0 {
			return invalid("/items", errors.New("there are no items: give 1 to 1000, or say what follows with then"))
		}
		return nil
	}
	payload, err := then.Check()
	if err != nil {
		return invalid("/then/results", err)
	}
	return s.maySend(ctx, New{Kind: then.Kind, Payload: payload}, "/then")
}

// beginBatch keeps the batch before its members are sent, and has each know its place.
func (s *server) beginBatch(ctx context.Context, in *manyInput, all []tasks.New, now time.Time) (batches.Batch, error) {
	request, err := uuid.Parse(tasks.RequestOf(ctx))
	if err != nil {
		return batches.Batch{}, fmt.Errorf("a batch without a request: %w", err)
	}
	b := batches.Batch{
		ID: cmp.Or(in.Body.ID, tasks.NewID(ctx, "batch")), Request: request, User: CallerOf(ctx).User, Created: now.UTC(), Then: in.Body.Then.then(),
		Members: []batches.Member{},
	}
	for i, task := range all {
		o := &all[i].Options
		o.Batch = b.ID + "/" + strconv.Itoa(i)
		m := batches.Member{Queue: o.Queue, ID: o.ID, Kind: task.Args.Kind()}
		if m.Queue == "" {
			payload, err := tasks.Encode(task.Args)
			if err != nil {
				return b, err
			}
			route, err := s.Routing.RouteTask(m.Kind, payload)
			if err != nil {
				return b, err
			}
			m.Queue = route.Queue
		}
		b.Members = append(b.Members, m)
	}
	err = s.Batches.Begin(ctx, b)
	if errors.Is(err, batches.ErrTaken) {
		return b, problem("id-taken", err.Error())
	}
	return b, err
}

// endBatch notes which members were not sent, and looks at the batch: it may have ended already.
func (s *server) endBatch(ctx context.Context, b batches.Batch, added []tasks.Added) error {
	for i, a := range added {
		why := ""
		switch {
		case a.Err != nil:
			why = a.Err.Error()
		case a.Receipt.ID != b.Members[i].ID:
			why = "another task like it is there: " + a.Receipt.ID
		default:
			continue
		}
		if err := s.Batches.Refuse(ctx, b, i, why); err != nil {
			return err
		}
	}
	if err := s.Batches.Seal(ctx, b); err != nil {
		return err
	}
	return s.Batches.Ended(ctx, b.ID)
}
