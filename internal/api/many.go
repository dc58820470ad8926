package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/batches"
	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

type manyInput struct {
	Keyed
	Body struct {
		ID   string `json:"id,omitempty" maxLength:"100" doc:"Names the tasks as a batch, see GET /v1/batches/{id}. A batch is sent once, as with an Idempotency-Key."`
		Then *Then  `json:"then,omitempty" doc:"A task that is sent once, when all of the batch have ended."`
		// Atomic has nothing sent if one of the tasks is refused.
		Atomic bool  `json:"atomic,omitempty" doc:"Check all tasks first, and send none if one of them is refused."`
		Items  []New `json:"items" minItems:"0" maxItems:"1000"`
	}
}

// Many is what became of many tasks.
type Many struct {
	Batch      string `json:"batch,omitempty" doc:"The ID of the batch, if it is one."`
	Sent       int    `json:"sent"`
	Duplicates int    `json:"duplicates" doc:"How many were there before."`
	Refused    int    `json:"refused"`
	Items      []Item `json:"items" doc:"What became of each task, in their order."`
}

// Item is what became of one of many tasks.
type Item struct {
	Status  string   `json:"status" enum:"sent,duplicate,refused"`
	ID      string   `json:"id,omitempty"`
	Queue   string   `json:"queue,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

type manyOutput struct {
	Replayed string `header:"Idempotency-Replayed"`
	Body     Many
}

func (s *server) sendMany(ctx context.Context, in *manyInput) (*manyOutput, error) {
	if in.key() == "" && in.isBatch() {
		ctx = tasks.WithRequest(ctx, uuid.New()) // the IDs of the batch follow from it
	}
	out, told, err := once(ctx, s, in.key(), in.Body, func(ctx context.Context) (*manyOutput, error) { return s.addMany(ctx, in) })
	if err == nil && told.Answer != nil {
		out.Replayed = "true"
	}
	return out, err
}

func (s *server) addMany(ctx context.Context, in *manyInput) (*manyOutput, error) {
	if err := s.checkMany(ctx, in); err != nil {
		return nil, err
	}
	out := &manyOutput{Body: Many{Items: make([]Item, len(in.Body.Items))}}
	var all []tasks.New
	var places []int
	now := time.Now()
	for i, n := range in.Body.Items {
		task, err := s.checked(ctx, n, now, fmt.Sprintf("/items/%d", i))
		if err != nil {
			out.Body.refuse(i, err)
			continue
		}
		all, places = append(all, task), append(places, i)
	}
	if in.Body.Atomic && out.Body.Refused > 0 {
		return nil, out.Body.firstProblem()
	}
	var batch batches.Batch
	if in.isBatch() {
		var err error
		if batch, err = s.beginBatch(ctx, in, all, now); err != nil {
			return nil, err
		}
		out.Body.Batch = batch.ID
	}
	sent := s.Queue.EnqueueMany(ctx, all)
	var away error
	for i, added := range sent {
		out.Body.note(places[i], added)
		if cache.IsRedis(added.Err) {
			away = added.Err
		}
	}
	if away != nil && (tasks.RequestOf(ctx) != "" || out.Body.Sent+out.Body.Duplicates == 0) {
		return nil, away // the whole request may be made again, and what was sent is not sent again
	}
	if in.isBatch() {
		return out, s.endBatch(ctx, batch, sent)
	}
	return out, nil
}

// maxKept bounds the answer that is kept of a request, in bytes.
const maxKept = 256 << 10

// kept shortens what is said of tasks that were refused, should it be long.
func (m *manyOutput) kept() any {
	if text, err := json.Marshal(m); err != nil || len(text) <= maxKept {
		return m
	}
	short := *m
	short.Body.Items = slices.Clone(m.Body.Items)
	for i, item := range short.Body.Items {
		if p := item.Problem; p != nil {
			short.Body.Items[i].Problem = &Problem{Type: p.Type, Title: p.Title, Status: p.Status, Detail: fmt.Sprintf("%.100s", p.Detail)}
		}
	}
	return &short
}

// checked returns a task that may be sent.
func (s *server) checked(ctx context.Context, n New, now time.Time, at string) (tasks.New, error) {
	if err := s.maySend(ctx, n, at); err != nil {
		return tasks.New{}, err
	}
	options, err := n.options(now)
	if err != nil {
		return tasks.New{}, err
	}
	settle(ctx, &options, at)
	return tasks.New{Args: n.task(), Options: options}, nil
}

// refuse notes why a task is not sent.
func (m *Many) refuse(i int, err error) {
	var p *Problem
	if !errors.As(asProblem(err), &p) {
		p = problem("internal", err.Error())
	}
	m.Items[i] = Item{Status: "refused", Problem: p}
	m.Refused++
}

// note notes what became of a task that was to be added.
func (m *Many) note(i int, added tasks.Added) {
	switch {
	case added.Err != nil:
		m.refuse(i, added.Err)
	case added.Receipt.Duplicate:
		m.Items[i] = Item{Status: "duplicate", ID: added.Receipt.ID, Queue: added.Receipt.Queue}
		m.Duplicates++
	default:
		m.Items[i] = Item{Status: "sent", ID: added.Receipt.ID, Queue: added.Receipt.Queue}
		m.Sent++
	}
}

// firstProblem returns the first problem of the tasks.
func (m *Many) firstProblem() error {
	for _, item := range m.Items {
		if item.Problem != nil {
			return item.Problem
		}
	}
	return nil
}
