package mailbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/broker"
)

// Ask sends a command to all nodes, and returns what each of those says that answer in time. Beside the
// command it leaves nothing in the broker. Nodes are any of Celery's.
func Ask(ctx context.Context, b *broker.Broker, method string, wait time.Duration) (map[string]json.RawMessage, error) {
	to := replyTo{"reply." + control, uuid.NewString()}
	queue := to.RoutingKey + "." + to.Exchange
	list, member := b.List(queue, 0), to.RoutingKey+b.Separator+b.Separator+queue
	if err := b.Redis.SAdd(ctx, b.Binding(to.Exchange), member).Err(); err != nil {
		return nil, fmt.Errorf("bind a queue for answers of Celery's nodes: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishWithin)
		defer cancel()
		_ = b.Redis.SRem(ctx, b.Binding(to.Exchange), member).Err() // kombu leaves such members behind, too
		_ = b.Redis.Del(ctx, list).Err()
	}()
	message, err := seal(headers{}, deliveryInfo{Exchange: control}, map[string]any{
		"method": method, "arguments": map[string]any{}, "destination": nil, "pattern": nil, "matcher": nil,
		"ticket": uuid.NewString(), "reply_to": map[string]string{"exchange": to.Exchange, "routing_key": to.RoutingKey},
	})
	if err != nil {
		return nil, err
	}
	hear, err := b.Redis.Publish(ctx, b.Fanout(control), message).Result()
	if err != nil {
		return nil, fmt.Errorf("ask Celery's nodes for %s: %w", method, err)
	}
	return collect(ctx, b, list, int(hear), wait)
}

// collect waits for the answers of so many nodes.
func collect(ctx context.Context, b *broker.Broker, list string, hear int, wait time.Duration) (map[string]json.RawMessage, error) {
	said := map[string]json.RawMessage{}
	for end := time.Now().Add(wait); len(said) < hear; {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		answer, err := b.Redis.BRPop(ctx, max(left, time.Second), list).Result() // go-redis rounds down to seconds
		if errors.Is(err, redis.Nil) {
			break
		}
		if err != nil {
			return said, fmt.Errorf("wait for answers of Celery's nodes: %w", err)
		}
		_, body, err := open(answer[1])
		var of map[string]json.RawMessage
		if err != nil || json.Unmarshal(body, &of) != nil {
			hear-- // it is another's, or foreign
			continue
		}
		maps.Copy(said, of)
	}
	return said, nil
}
