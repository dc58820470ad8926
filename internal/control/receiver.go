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

// Ownership tells whether the channels are this deployment's to obey.
type Ownership interface {
	// Ours reports whether it does. The error is [deployment.ErrUnclaimed] while nobody does yet.
	Ours(ctx context.Context) (bool, error)
}

// Receiver performs what other applications ask for on the control channels. A request is any
// message without a mark, whatever its body.
//
// Every worker receives each request, some later than others. So each gives its order with the
// number of the latest decision that it had heard of before the request came. Redis refuses the
// order where a later decision stands: another worker has performed the request already, or
// somebody has decided otherwise since. Only the worker whose order released a brake has what is
// parked go on.
//
// A Receiver belongs to the goroutine of [Guard.Watch], but for what it waits for.
type Receiver struct {
	operator *Operator
	owner    Ownership
	overseer *Overseer
	log      *zap.Logger

	began    int64              // Redis's time when listening began, in milliseconds
	known    map[string]int64   // the latest decision heard of since, by user
	requests map[string]request // still to be performed, by user
	resuming sync.WaitGroup
}

// request is a message that is still to be performed.
type request struct {
	message
	latest int64 // the latest decision that was known when it came
}

// NewReceiver returns a receiver that changes brakes by operator while owner says so, and wakes
// overseer when one has changed.
func NewReceiver(operator *Operator, owner Ownership, overseer *Overseer, log *zap.Logger) *Receiver {
	return &Receiver{operator: operator, owner: owner, overseer: overseer, log: log, known: make(map[string]int64), requests: make(map[string]request)}
}

// begin notes that it listens from now on: what was decided before, it has not heard of.
func (r *Receiver) begin(ctx context.Context) error {
	r.known, r.began = make(map[string]int64), 0
	return r.learnTime(ctx)
}

func (r *Receiver) learnTime(ctx context.Context) error {
	if r.began != 0 {
		return nil
	}
	now, err := r.operator.Brake.client.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("ask redis for the time: %w", err)
	}
	r.began = now.UnixMilli()
	return nil
}

// maxKnown bounds the users of whom decisions are remembered. Beyond, it is as if listening
// had begun anew.
const maxKnown = 100_000

// latest is the latest decision about a user that is known.
func (r *Receiver) latest(user string) int64 { return max(r.known[user], r.began) }

func (r *Receiver) learn(user string, decision int64) {
	if len(r.known) >= maxKnown {
		r.known, r.began = make(map[string]int64), decision
	}
	r.known[user] = max(r.known[user], decision)
}

// receive takes note of a message. A request takes the place of an earlier one of the same user.
func (r *Receiver) receive(ctx context.Context, m message) error {
	if m.told {
		if m.deployment == r.operator.Brake.events.Deployment() {
			r.learn(m.user, m.decision)
			r.overseer.Watch(m.user)
		}
		return nil
	}
	if err := tasks.CheckUser(m.user); err != nil {
		return r.refuse(ctx, m, err)
	}
	err := r.learnTime(ctx)
	r.requests[m.user] = request{m, r.latest(m.user)}
	if err != nil {
		return err
	}
	return r.retry(ctx)
}

// retry performs the requests that are left, and forgets them. Those that Redis does not take are
// left for the next time.
func (r *Receiver) retry(ctx context.Context) error {
	if len(r.requests) == 0 {
		return nil
	}
	ours, err := r.owner.Ours(ctx)
	if errors.Is(err, deployment.ErrUnclaimed) {
		return nil // the requests wait
	}
	if err != nil {
		return err
	}
	for user, w := range r.requests {
		if ours {
			if err := r.perform(ctx, w); err != nil {
				return err
			}
		}
		delete(r.requests, user)
	}
	return nil
}

// perform does what a request asks for.
func (r *Receiver) perform(ctx context.Context, w request) error {
	step := "pull"
	if w.channel == Resume {
		step = "release"
	}
	name, _ := w.channel.Name(w.user)
	by := audit.Actor{Name: w.by, Via: audit.Message, From: name}
	changed, made, err := r.operator.Brake.change(ctx, step, w.user, Order{By: by, Latest: &w.latest})
	if err != nil || !changed {
		return err
	}
	r.learn(w.user, made.decision)
	r.overseer.Watch(w.user)
	r.resuming.Go(func() { r.finish(ctx, w, by, made.decision) })
	return nil
}

// finish does what takes longer once a request has changed a brake.
func (r *Receiver) finish(ctx context.Context, w request, by audit.Actor, decision int64) {
	if w.channel == Resume {
		if _, err := r.operator.goOn(ctx, w.user, decision, false); err != nil && ctx.Err() == nil {
			r.log.Warn("parked tasks go on late", zap.String("user", w.user), zap.Error(err))
		}
	}
	if err := r.operator.Audit.Write(ctx, audit.Record{Actor: by, Did: string(w.channel), User: w.user, Detail: w.reason}); err != nil {
		r.log.Error("a message was obeyed", zap.String("user", w.user), zap.Error(err))
	}
}

// wait returns once what takes longer is done.
func (r *Receiver) wait() { r.resuming.Wait() }

// refusedOnce is for how long the other workers leave it to one to refuse a message.
const refusedOnce = time.Second

// refuse tells whoever asked, on the status channel that they listen to, that a message cannot
// be obeyed.
func (r *Receiver) refuse(ctx context.Context, m message, why error) error {
	if ours, err := r.owner.Ours(ctx); err != nil || !ours {
		return err
	}
	brake := r.operator.Brake
	first, err := brake.client.SetNX(ctx, brake.prefix+"refused:"+tasks.UserKey(shortened(m.user)), "", refusedOnce).Result()
	if err != nil || !first {
		return err
	}
	r.log.Warn("a message on a control channel cannot be obeyed", zap.String("channel", string(m.channel)), zap.Error(why))
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
