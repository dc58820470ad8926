package mailbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// maxReplies is how many answers may wait in the queue of whoever asks.
	maxReplies = 10_000
	// keepReplies is for how long they do. Clients take an answer within their time to wait, a second.
	keepReplies = 5 * time.Minute
)

//go:embed reply.lua
var replyLua string

var replyScript = redis.NewScript(replyLua)

// reply sends an answer to whoever asked. The queue of each client of kombu is called after its routing
// key and its exchange, so a single look tells whether it is there; the set of all queues keeps those of
// clients that were killed, and may have grown long.
func (n *Node) reply(ctx context.Context, r request, answer any) error {
	to := deliveryInfo{r.ReplyTo.Exchange, r.ReplyTo.RoutingKey}
	head := headers{Ticket: r.Ticket, Clock: json.Number(strconv.FormatInt(n.events.clock.next(), 10))}
	message, err := seal(head, to, map[string]any{n.events.Name: answer})
	if err != nil {
		return err
	}
	queue := to.RoutingKey + "." + to.Exchange
	call, err := json.Marshal(map[string]any{
		"binding": n.broker.Binding(to.Exchange), "member": to.RoutingKey + n.broker.Separator + n.broker.Separator + queue,
		"list": n.broker.List(queue, 0), "most": maxReplies, "keep": int64(keepReplies.Seconds()),
	})
	if err != nil {
		return fmt.Errorf("encode where an answer goes: %w", err)
	}
	became, err := replyScript.Run(ctx, n.broker.Redis, nil, call, message).Result()
	switch {
	case err != nil:
		return fmt.Errorf("put an answer into the queue %.200s: %w", queue, err)
	case became == int64(-1):
		return fmt.Errorf("the queue %.200s has %d answers that nobody takes", queue, maxReplies)
	case became != int64(1) && became != int64(0):
		return fmt.Errorf("put an answer into the queue %.200s: %v", queue, became)
	}
	return nil
}
