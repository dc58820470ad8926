package celery

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// revokedFor is how long it is known that a task was revoked. Celery's workers forget it when they
// stop, or after 3 hours (revoke_expires in celery.worker.state).
const revokedFor = 7 * 24 * time.Hour

// terminateMark before an ID says that the task was revoked with terminate. No ID of ours has a space.
const terminateMark = "terminate "

//go:embed revoke.lua
var revokeLua string

var revokeScript = redis.NewScript(revokeLua)

// Tasks are the tasks of our queues.
type Tasks interface {
	// States returns the states of tasks, in their order, "" for one that is gone.
	States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error)
	// List returns tasks, see the queue's client.
	List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error)
	// Cancel ends tasks, see the queue's client.
	Cancel(ctx context.Context, names []tasks.Name, why tasks.Cancellation) ([]tasks.Handled, error)
}

// Revoke has tasks never begin, wherever they wait, and if terminate is set those end that run. It is
// remembered: a message that is only taken in later becomes no task. To be told of it again, as each
// worker is, costs one command.
func (d *Door) Revoke(ctx context.Context, ids []string, terminate bool) error {
	members := ids
	if terminate {
		members = make([]string, 0, 2*len(ids))
		for _, id := range ids {
			members = append(members, id, terminateMark+id)
		}
	}
	now := time.Now()
	d.revokedAt.Store(now.UnixMilli())
	call, _ := json.Marshal(map[string]any{ // always has a text
		"ids": members, "now": now.Unix(), "until": strconv.FormatInt(now.Add(revokedFor).Unix(), 10),
	})
	fresh, err := revokeScript.Run(ctx, d.Redis, []string{d.revokedKey()}, call).StringSlice()
	if err != nil {
		return fmt.Errorf("remember which tasks of Celery are revoked: %w", err)
	}
	if len(fresh) == 0 {
		return nil
	}
	return d.cancel(ctx, ids, terminate)
}

// cancel ends those of some tasks that are in our queues; those that run only if they are to be
// terminated.
func (d *Door) cancel(ctx context.Context, ids []string, terminate bool) error {
	var receipts []tasks.Receipt
	for _, id := range ids {
		if tasks.CheckID(id) != nil {
			continue // never a task here
		}
		for _, queue := range d.OurQueues {
			receipts = append(receipts, tasks.Receipt{Queue: queue, ID: id})
		}
	}
	states, err := d.Tasks.States(ctx, receipts)
	if err != nil {
		return err
	}
	var wanted []tasks.Name
	for i, state := range states {
		if state.Waits() || state == tasks.StateRunning && terminate {
			wanted = append(wanted, tasks.Name{Queue: receipts[i].Queue, ID: receipts[i].ID})
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	all, err := d.Tasks.Cancel(ctx, wanted, tasks.Cancellation{By: "celery", Why: "revoked by a client of Celery"})
	for _, h := range all {
		if h.Err != nil {
			d.Log.Info("revoked task not cancelled", zap.String("id", h.ID), zap.Error(h.Err))
		}
	}
	return err
}

// recently is for how long after a revocation what is added is asked about once more.
const recently = 10 * time.Second

// cancelRevoked ends tasks that were revoked while they were being added: whoever revoked them did not
// find them yet.
func (d *Door) cancelRevoked(ctx context.Context, b *batch) error {
	if len(b.adds) == 0 || time.Since(time.UnixMilli(d.revokedAt.Load())) > recently {
		return nil
	}
	are, err := d.areRevoked(ctx, b)
	if err != nil {
		return err
	}
	var ids []string
	for n, i := range b.places {
		if are[n] {
			ids = append(ids, b.read[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return d.cancel(ctx, ids, true)
}
