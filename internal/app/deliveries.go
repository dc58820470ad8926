package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/briefings"
)

// DecideDelivery has a delivery that has failed, or may have, sent again, or sent no more, for a person.
func (s *System) DecideDelivery(ctx context.Context, id, channel string, again bool, by audit.Actor) error {
	b, found, err := s.Briefings.Get(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: briefing %.100q is not kept: switchyard briefing list shows those that are", briefings.ErrNoDelivery, id)
	}
	state, did := briefings.Settled, "settle delivery"
	if again {
		state, did = briefings.Ordered, "deliver again"
	}
	entry, done, err := s.Briefings.Decide(ctx, id, channel, state, by.String(), time.Now())
	switch {
	case err != nil:
		return err
	case !done && entry.State == "":
		return fmt.Errorf("%w: briefing %s was not begun to be delivered by %q: switchyard briefing show %[2]s lists its deliveries", briefings.ErrNoDelivery, id, channel)
	case !done:
		return fmt.Errorf("%w: the delivery of %s by %s is %s, and only one that is doubtful or failed waits for a decision", briefings.ErrNoDelivery, id, channel, entry.State)
	}
	noted := s.Audit.Write(ctx, audit.Record{Actor: by, Did: did, User: b.User, Detail: id + " by " + channel})
	return errors.Join(noted, s.runDelivery(ctx, briefings.DeliverArgs{User: b.User, Briefing: id, Channel: channel}))
}

// runDelivery runs the task of a delivery again, or sends a new one if it is gone.
func (s *System) runDelivery(ctx context.Context, args briefings.DeliverArgs) error {
	task := briefings.DeliverTask(args.Briefing, args.Channel)
	route, err := s.Routing.RouteFor(args.Kind(), args.User)
	if err != nil {
		return err
	}
	if err := s.Queues.Check(ctx, route.Queue); err != nil {
		return err
	}
	sent, err := s.Queue.Enqueue(ctx, args, tasks.Options{ID: task})
	if err != nil || !sent.Duplicate {
		return err
	}
	for _, h := range s.Queue.Run(ctx, []tasks.Name{{Queue: sent.Queue, ID: task}}) {
		if h.Err != nil && h.Was != tasks.StateWaiting && h.Was != tasks.StateRunning {
			return fmt.Errorf("run task %s: %w", h.String(), h.Err)
		}
	}
	return nil
}
