package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/deployment"
	"switchyard/internal/tasks"
)

// Ownership tells whether this deployment is the one that obeys the channels.
type Ownership interface {
	// Ours reports whether it does. The error is [deployment.ErrUnclaimed] while nobody does yet.
	Ours(ctx context.Context) (bool, error)
}

// Obeyer obeys what the applications around ask for on the control channels: any message
// without a mark, whatever its body. Every worker hears each of them, and some later than
// others. So an order is given with the number of the latest decision that was heard of
// before the message: where a later one stands, somebody else has obeyed already, or decided
// otherwise since, and the order changes nothing. Only the worker whose order has released a
// brake has what is parked go on.
//
// It belongs to the goroutine of [Guard.Watch], but for what it waits for.
type Obeyer struct {
	operator *Operator
	owner    Ownership
	overseer *Overseer
	log      *zap.Logger

	began    int64            // Redis's time when listening began, in milliseconds
	known    map[string]int64 // the latest decision heard of since, by user
	wishes   map[string]wish  // still to be obeyed, by user
	resuming sync.WaitGroup
}

// wish is a message that is still to be obeyed.
type wish struct {
	message
	latest int64 // the latest decision that was known when it came
}

// NewObeyer returns an obeyer that changes brakes by operator while owner says so, and wakes
// overseer when one has changed.
func NewObeyer(operator *Operator, owner Ownership, overseer *Overseer, log *zap.Logger) *Obeyer {
	return &Obeyer{operator: operator, owner: owner, overseer: overseer, log: log, known: make(map[string]int64), wishes: make(map[string]wish)}
}

// begin notes that it listens from now on: what was decided before, it has not heard of.
func (o *Obeyer) begin(ctx context.Context) error {
	o.known, o.began = make(map[string]int64), 0
	return o.learnTime(ctx)
}

func (o *Obeyer) learnTime(ctx context.Context) error {
	if o.began != 0 {
		return nil
	}
	now, err := o.operator.Brake.client.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("ask redis for the time: %w", err)
	}
	o.began = now.UnixMilli()
	return nil
}

// maxKnown bounds the users of whom decisions are remembered. Beyond, it is as if listening
// had begun anew.
const maxKnown = 100_000

// latest is the latest decision about a user that is known.
func (o *Obeyer) latest(user string) int64 { return max(o.known[user], o.began) }

func (o *Obeyer) learn(user string, decision int64) {
	if len(o.known) >= maxKnown {
		o.known, o.began = make(map[string]int64), decision
	}
	o.known[user] = max(o.known[user], decision)
}

// hear takes note of a message. A wish takes the place of an earlier one of the same user.
func (o *Obeyer) hear(ctx context.Context, m message) error {
	if m.told {
		if m.deployment == o.operator.Brake.events.Deployment() {
			o.learn(m.user, m.decision)
			o.overseer.Watch(m.user)
		}
		return nil
	}
	if err := tasks.CheckUser(m.user); err != nil {
		return o.refuse(ctx, m, err)
	}
	err := o.learnTime(ctx)
	o.wishes[m.user] = wish{m, o.latest(m.user)}
	if err != nil {
		return err
	}
	return o.again(ctx)
}

// again obeys the wishes that are left, and forgets them. Those that Redis does not take are
// left for the next time.
func (o *Obeyer) again(ctx context.Context) error {
	if len(o.wishes) == 0 {
		return nil
	}
	ours, err := o.owner.Ours(ctx)
	if errors.Is(err, deployment.ErrUnclaimed) {
		return nil // the wishes wait
	}
	if err != nil {
		return err
	}
	for user, w := range o.wishes {
		if ours {
			if err := o.obey(ctx, w); err != nil {
				return err
			}
		}
		delete(o.wishes, user)
	}
	return nil
}

// obey does what a wish asks for.
func (o *Obeyer) obey(ctx context.Context, w wish) error {
	step := "pull"
	if w.channel == Resume {
		step = "release"
	}
	name, _ := w.channel.Name(w.user)
	by := audit.Actor{Name: w.by, Via: audit.Message, From: name}
	changed, r, err := o.operator.Brake.change(ctx, step, w.user, Order{By: by, Latest: &w.latest})
	if err != nil || !changed {
		return err
	}
	o.learn(w.user, r.decision)
	o.overseer.Watch(w.user)
	o.resuming.Go(func() { o.finish(ctx, w, by, r.decision) })
	return nil
}

// finish does what takes longer once a wish has changed a brake.
func (o *Obeyer) finish(ctx context.Context, w wish, by audit.Actor, decision int64) {
	if w.channel == Resume {
		if _, err := o.operator.goOn(ctx, w.user, decision, false); err != nil && ctx.Err() == nil {
			o.log.Warn("parked tasks go on late", zap.String("user", w.user), zap.Error(err))
		}
	}
	if err := o.operator.Audit.Write(ctx, audit.Record{Actor: by, Did: string(w.channel), User: w.user, Detail: w.reason}); err != nil {
		o.log.Error("a message was obeyed", zap.String("user", w.user), zap.Error(err))
	}
}

// wait returns once what takes longer is done.
func (o *Obeyer) wait() { o.resuming.Wait() }

// refusedOnce is for how long the other workers leave it to one to refuse a message.
const refusedOnce = time.Second

// refuse tells whoever asked, on the status channel that they listen to, that a message cannot
// be obeyed.
func (o *Obeyer) refuse(ctx context.Context, m message, why error) error {
	if ours, err := o.owner.Ours(ctx); err != nil || !ours {
		return err
	}
	brake := o.operator.Brake
	first, err := brake.client.SetNX(ctx, brake.prefix+"refused:"+tasks.UserKey(shortened(m.user)), "", refusedOnce).Result()
	if err != nil || !first {
		return err
	}
	o.log.Warn("a message on a control channel cannot be obeyed", zap.String("channel", string(m.channel)), zap.Error(why))
	event, err := json.Marshal(refusal{1, "refused", m.user, brake.events.Deployment(), m.channel, why.Error()})
	if err != nil {
		return fmt.Errorf("encode a refusal: %w", err)
	}
	return brake.client.Publish(ctx, "agent:"+string(Status)+":"+m.user, event).Err()
}

// refusal is the event of a message that cannot be obeyed. It has no number: nobody has events
// under that id.
type refusal struct {
	Version    int     `json:"version"`
	Type       string  `json:"type"`
	User       string  `json:"user"`
	Deployment string  `json:"deployment"`
	Channel    Channel `json:"channel"`
	Error      string  `json:"error"`
}
