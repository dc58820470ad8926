package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

type manyInput struct {
	Body struct {
		// Atomic has nothing sent if one of the tasks is refused.
		Atomic bool  `json:"atomic,omitempty" doc:"Check all tasks first, and send none if one of them is refused."`
		Items  []New `json:"items" minItems:"1" maxItems:"1000"`
	}
}

// Many is what became of many tasks.
type Many struct {
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

func (s *server) sendMany(ctx context.Context, in *manyInput) (*body[Many], error) {
	out := &body[Many]{Many{Items: make([]Item, len(in.Body.Items))}}
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
	for i, added := range s.Queue.EnqueueMany(ctx, all) {
		out.Body.note(places[i], added)
	}
	return out, nil
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
