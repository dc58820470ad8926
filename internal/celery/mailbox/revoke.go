package mailbox

import (
	"context"
	"slices"
	"strings"

	"go.uber.org/zap"
)

// revoke has tasks never begin, and if asked to, has those that run end.
func (n *Node) revoke(ctx context.Context, a arguments) (any, error) {
	var terminate bool
	if err := a.read("terminate", &terminate); err != nil {
		return nil, err
	}
	return n.drop(ctx, a, terminate)
}

// terminate is revoke for tasks that run.
func (n *Node) terminate(ctx context.Context, a arguments) (any, error) { return n.drop(ctx, a, true) }

func (n *Node) drop(ctx context.Context, a arguments, terminate bool) (any, error) {
	ids, err := a.ids("task_id")
	if err != nil {
		return nil, err
	}
	signal, err := a.signal()
	if err != nil {
		return nil, err
	}
	var running []Request
	if terminate {
		if running, err = n.worker.Tasks(ctx, Active); err != nil {
			return nil, failed(err)
		}
	}
	n.log.Info("tasks are revoked by Celery", zap.Strings("tasks", ids[:min(len(ids), 10)]), zap.Int("of", len(ids)), zap.Bool("terminate", terminate))
	if err := n.worker.Revoke(ctx, Revocation{ids, terminate, signal}); err != nil {
		return nil, failed(err)
	}
	if !terminate {
		return done{"tasks " + shown(ids) + " flagged as revoked"}, nil
	}
	ended := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return !slices.ContainsFunc(running, func(r Request) bool { return r.ID == id })
	})
	if len(ended) == 0 {
		return done{"terminate: tasks unknown"}, nil
	}
	return done{"terminate: " + shown(ended)}, nil
}

// shown returns ids as text.
func shown(ids []string) string {
	const most = 100
	if len(ids) > most {
		return strings.Join(ids[:most], ", ") + ", ..."
	}
	return strings.Join(ids, ", ")
}
