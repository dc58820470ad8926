package mailbox

import (
	"context"
	"fmt"

	"switchyard/internal/celery/broker"
)

// broadcast is a command to all nodes of which no answer is wanted.
type broadcast struct {
	Method      string   `json:"method"`
	Arguments   any      `json:"arguments"`
	Destination []string `json:"destination"`
	Pattern     *string  `json:"pattern"`
	Matcher     *string  `json:"matcher"`
}

// revocation are the arguments of the command revoke.
type revocation struct {
	IDs       []string `json:"task_id"`
	Terminate bool     `json:"terminate"`
	Signal    string   `json:"signal"`
}

// Terminate tells all nodes that are there that tasks are never to begin, and are to end if they run.
// A node that starts later has not heard of it.
func Terminate(ctx context.Context, b *broker.Broker, ids []string) error {
	command := broadcast{Method: "revoke", Arguments: revocation{ids, true, "SIGTERM"}}
	message, err := seal(headers{Clock: "1"}, deliveryInfo{Exchange: control}, command)
	if err != nil {
		return err
	}
	if err := b.Redis.Publish(ctx, b.Fanout(control), message).Err(); err != nil {
		return fmt.Errorf("have %d tasks of Celery end: %w", len(ids), err)
	}
	return nil
}
