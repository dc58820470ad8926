package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// turnEvery is how often one of the workers looks at all calls. With many of them it is rarer, so
	// that Redis is asked about perSecond in a second at most.
	turnEvery = time.Second
	perSecond = 1000
	// perPage is how many calls are looked at in a round trip.
	perPage = 200
)

// turn looks at all calls if it is this worker's turn.
func (r *Remote) turn(ctx context.Context) {
	err := r.inTurn(ctx)
	if ctx.Err() != nil {
		return
	}
	switch {
	case err != nil && r.trouble.Swap(&err) == nil:
		r.Log.Warn("results of Celery's workers are not looked for: the next look is soon", zap.Error(err))
	case err == nil && r.trouble.Swap(nil) != nil:
		r.Log.Info("results of Celery's workers are looked for again")
	}
}

// inTurn does what a turn calls for.
func (r *Remote) inTurn(ctx context.Context) error {
	n, revoked, err := r.count(ctx)
	if err != nil || n == 0 && revoked == 0 {
		return err
	}
	every := max(turnEvery, time.Duration(n)*time.Second/perSecond)
	mine, err := takeTurn(ctx, r.Redis, r.calls.key+":turn", every-turnEvery/10)
	if err != nil || !mine {
		return err
	}
	if err := r.revoking.again(ctx); err != nil {
		return err
	}
	return r.sweep(ctx)
}

// count returns how many calls there are, and how many tasks are revoked.
func (r *Remote) count(ctx context.Context) (calls, revoked int64, err error) {
	if calls, err = r.Redis.HLen(ctx, r.calls.key).Result(); err != nil {
		return 0, 0, fmt.Errorf("count the calls of Celery's workers in %s: %w", r.calls.key, err)
	}
	if revoked, err = r.Redis.ZCard(ctx, r.revoking.key).Result(); err != nil {
		return 0, 0, fmt.Errorf("count the tasks of Celery that are revoked in %s: %w", r.revoking.key, err)
	}
	return calls, revoked, nil
}

// sweep looks at all calls.
func (r *Remote) sweep(ctx context.Context) error {
	seen := make(map[string]string)
	defer func() { r.seen = seen }()
	for cursor := uint64(0); ; {
		pairs, next, err := r.Redis.HScan(ctx, r.calls.key, cursor, "", perPage).Result()
		if err != nil {
			return fmt.Errorf("look through the calls of Celery's workers in %s: %w", r.calls.key, err)
		}
		for page := range slices.Chunk(pairs, 2*perPage) {
			if err := r.sweepPage(ctx, page, seen); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// sighting is a call, and what is known of it.
type sighting struct {
	field  string // where it is kept
	name   tasks.Name
	was    kept
	state  tasks.State // of its task
	head   string      // the beginning of its result
	broken bool        // what is in the place of its result is none
	held   bool        // its user's brake is on
}

// sweepPage does what some calls call for, given as name, text, ....
func (r *Remote) sweepPage(ctx context.Context, page []string, seen map[string]string) error {
	var all []*sighting
	for pair := range slices.Chunk(page, 2) {
		queue, id, _ := strings.Cut(pair[0], "/")
		all = append(all, &sighting{field: pair[0], name: tasks.Name{Queue: queue, ID: id}, was: read(pair[1])})
	}
	for _, look := range []func(context.Context, []*sighting) error{r.lookAtTasks, r.lookAtResults, r.lookAtBrakes} {
		if err := look(ctx, all); err != nil {
			return err
		}
	}
	for _, s := range all {
		if err := r.see(ctx, s); err != nil {
			return err
		}
		seen[s.was.ID] = s.head
	}
	return nil
}

func (r *Remote) lookAtTasks(ctx context.Context, all []*sighting) error {
	receipts := make([]tasks.Receipt, len(all))
	for i, s := range all {
		receipts[i] = tasks.Receipt{Queue: s.name.Queue, ID: s.name.ID}
	}
	states, err := r.Queue.States(ctx, receipts)
	for i, state := range states {
		all[i].state = state
	}
	return err
}

func (r *Remote) lookAtResults(ctx context.Context, all []*sighting) error {
	ids := make([]string, len(all))
	for i, s := range all {
		ids[i] = s.was.ID
	}
	heads, err := r.read(ctx, maxHead, ids...)
	for i, head := range heads {
		if all[i].broken = head == nil; head != nil {
			all[i].head = *head
		}
	}
	return err
}

func (r *Remote) lookAtBrakes(ctx context.Context, all []*sighting) error {
	of := make(map[string][]*sighting)
	for _, s := range all {
		if s.was.User != "" {
			of[s.was.User] = append(of[s.was.User], s)
		}
	}
	if len(of) == 0 {
		return nil
	}
	users := slices.Collect(maps.Keys(of))
	held, err := r.Brakes.On(ctx, users)
	if err != nil {
		return err
	}
	for i, user := range users {
		for _, s := range of[user] {
			s.held = held[i]
		}
	}
	return nil
}

// see does what a call calls for.
func (r *Remote) see(ctx context.Context, s *sighting) error {
	final, told := isFinal(s.head)
	due := s.was.due()
	switch {
	case s.state == "" || s.state.Ended() || s.was.ID == "":
		return r.endOf(ctx, s, final)
	case s.state != tasks.StateParked || s.was.Over != nil:
	case s.held, s.broken, final, s.head != "" && !told && r.seen[s.was.ID] != s.head, !due.IsZero() && !time.Now().Before(due):
		r.wake(ctx, s.name)
	case s.head != "" && r.seen[s.was.ID] != s.head:
		r.tell(ctx, s.name, s.was.Attempt, s.head)
	}
	return nil
}

// endOf forgets the call of a task that has ended or is gone. What Celery's workers still do for it is
// not wanted any more.
func (r *Remote) endOf(ctx context.Context, s *sighting, final bool) error {
	if s.was.ID != "" && s.was.Over == nil && !final {
		if err := r.revoke(ctx, s.was.call); err != nil {
			return err
		}
	}
	if err := r.calls.remove(ctx, s.field, s.was); !errors.Is(err, errTaken) {
		return err
	}
	return nil
}
