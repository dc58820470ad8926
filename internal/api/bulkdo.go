package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

const (
	// bulkMost bounds the tasks that a request changes.
	bulkMost = 10_000
	// bulkPage is how many tasks are chosen, and then changed, together.
	bulkPage = 500
	// countWithin and changeWithin bound how long a request counts, and how long it changes tasks, before
	// it leaves the rest to the next one. Proxies and callers give up after half a minute.
	countWithin  = 5 * time.Second
	changeWithin = 20 * time.Second
	// sampled and refusedShown bound what an answer shows.
	sampled      = 20
	refusedShown = 100
)

// chosen are some of the tasks of a selection, and the cursor of what comes behind them.
type chosen struct {
	names []tasks.Name
	next  string
}

func newBulk(sel Selection) *bulkOutput {
	return &bulkOutput{Body: Bulk{DryRun: sel.DryRun, States: map[string]int{}, Kinds: map[string]int{}, Sample: []Task{}, Refused: []Left{}}}
}

// preview counts the tasks of a selection that are there now.
func (s *server) preview(ctx context.Context, sel Selection, f tasks.Filter) (*bulkOutput, error) {
	out := newBulk(sel)
	if f.To.IsZero() {
		now, err := s.Queue.Now(ctx)
		if err != nil {
			return nil, err
		}
		f.To = now
	}
	out.Body.Before = f.To
	_, err := s.choose(ctx, sel, f, cmp.Or(sel.Most, queue.MaxMatches), countWithin, &out.Body)
	return out, err
}

// choose returns the tasks of a selection that the caller may change, about so many at most, and notes in b
// what they are.
func (s *server) choose(ctx context.Context, sel Selection, f tasks.Filter, most int, within time.Duration, b *Bulk) ([]chosen, error) {
	if len(sel.Names) > 0 {
		some, err := s.named(ctx, sel, f, b)
		return []chosen{some}, err
	}
	var all []chosen
	begun := time.Now()
	for b.Next = sel.Cursor; ; {
		page, err := s.Queue.List(ctx, f, min(bulkPage, most-b.Matched), b.Next)
		if err != nil {
			return nil, err
		}
		some := chosen{next: page.Next}
		for _, t := range page.Tasks {
			if CallerOf(ctx).sees(tokens.TasksCancel, t) {
				some.names = append(some.names, b.count(t))
			}
		}
		all, b.Next, b.More = append(all, some), page.Next, page.Next != ""
		if !b.More || b.Matched >= most || time.Since(begun) >= within {
			return all, nil
		}
	}
}

// named is choose for tasks that are named. One that the caller may not see is not there.
func (s *server) named(ctx context.Context, sel Selection, f tasks.Filter, b *Bulk) (some chosen, err error) {
	names := make([]tasks.Name, len(sel.Names))
	for i, name := range sel.Names {
		names[i].Queue, names[i].ID, _ = strings.Cut(name, "/")
	}
	found, err := s.Queue.Statuses(ctx, names)
	if err != nil {
		return some, err
	}
	for i, t := range found {
		if t.State == "" || !CallerOf(ctx).sees(tokens.TasksCancel, t) || !f.Matches(t) {
			b.refuse(tasks.Handled{Name: names[i], Err: fmt.Errorf("no task %q in queue %q: %w", names[i].ID, names[i].Queue, queue.ErrNotFound)})
			continue
		}
		some.names = append(some.names, b.count(t))
	}
	return some, nil
}

// count notes a task that is meant, and returns its name.
func (b *Bulk) count(t tasks.Status) tasks.Name {
	b.Matched++
	b.States[string(t.State)]++
	if t.Kind != "" {
		b.Kinds[t.Kind]++
	}
	if len(b.Sample) < sampled {
		b.Sample = append(b.Sample, TaskOf(t))
	}
	return tasks.Name{Queue: t.Queue, ID: t.ID}
}

// refuse notes a task that is left as it was.
func (b *Bulk) refuse(h tasks.Handled) {
	b.RefusedCount++
	if len(b.Refused) < refusedShown {
		b.Refused = append(b.Refused, Left{h.ID, h.Queue, h.Was, h.Err.Error()})
	}
}

// perform does something to the tasks of a selection. All are chosen first: what is done to a task puts it
// where it might be found again.
func (s *server) perform(ctx context.Context, sel Selection, f tasks.Filter, did string, do change) (*bulkOutput, error) {
	out := newBulk(sel)
	b := &out.Body
	begun := time.Now()
	all, err := s.choose(ctx, sel, f, min(cmp.Or(sel.Most, bulkMost), bulkMost), changeWithin/2, b)
	if err != nil {
		return nil, err
	}
	for _, some := range all {
		if err = s.performSome(ctx, some.names, b, do); err != nil {
			break
		}
		if time.Since(begun) >= changeWithin && some.next != "" {
			b.More, b.Next = true, some.next
			break
		}
	}
	if b.Matched > 0 {
		detail := fmt.Sprintf("%s: %d done, %d left as they were", sel.words(), b.Done, b.RefusedCount)
		err = errors.Join(err, s.Brake.Audit.Write(ctx, audit.Record{Actor: CallerOf(ctx).actor(), Did: did + " tasks", User: f.User, Detail: detail}))
	}
	return out, err
}

// performSome does something to tasks, and notes what became of them. The error says that Redis cannot be
// asked: the whole request may be made again.
func (s *server) performSome(ctx context.Context, names []tasks.Name, b *Bulk, do change) error {
	if len(names) == 0 {
		return nil
	}
	handled, err := do(ctx, names, CallerOf(ctx).actor())
	for _, h := range handled {
		switch {
		case h.Err == nil:
			b.Done++
		case cache.IsRedis(h.Err):
			err = errors.Join(err, h.Err)
		default:
			b.refuse(h)
		}
	}
	return err
}

// words says which tasks are meant, for the audit log.
func (sel Selection) words() string {
	if len(sel.Names) > 0 {
		return fmt.Sprintf("%d named tasks", len(sel.Names))
	}
	var said []string
	for _, field := range []struct{ name, value string }{
		{"queue", sel.Queue}, {"kind", sel.Kind}, {"state", join(sel.State)}, {"user", sel.User}, {"tag", sel.Tag}, {"error", sel.Error},
		{"since", stamp(sel.Since)}, {"from", stamp(sel.From)}, {"to", stamp(sel.To)},
	} {
		if field.value != "" {
			said = append(said, fmt.Sprintf("%s=%.200q", field.name, field.value))
		}
	}
	return strings.Join(said, " ")
}

// stamp writes a moment, none as nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
