package ticks

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
)

var (
	//go:embed enqueue.lua
	enqueueLua string

	enqueueScript = redis.NewScript(enqueueLua)
)

// atOnce is how many messages one script sends: other clients wait for its end.
const atOnce = 500

// call is what the script is asked to do.
type call struct {
	Ledger string `json:"ledger"`
	Ages   string `json:"ages"`
	Before int64  `json:"before"`
	Items  []item `json:"items"`
}

// item is a message as the script is told of it. Text is its place among the arguments.
type item struct {
	Entry string `json:"entry"`
	Tick  int64  `json:"tick"`
	List  string `json:"list"`
	Text  int    `json:"text"`
}

// EnqueueTicks sends the tasks of ticks and returns what became of each, in their order. A tick that is
// not later than the latest of its entry that was sent is a duplicate. From the moment until on, by the
// broker's clock, nothing is sent: the error then is [tasks.ErrTooLate]. An error that is permanent says
// that the task never can be sent; [tasks.ErrElsewhere], that the broker does not take it now.
func (s *Sender) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.Added {
	results := make([]tasks.Added, len(ticks))
	var places []int // of those that can be sent
	var texts []any
	c := call{Ledger: s.ledger, Ages: s.ages, Before: until.UnixMilli()}
	flush := func() {
		s.enqueue(ctx, c, texts, func(i int, err error, again bool) {
			at := places[i]
			results[at].Err, results[at].Receipt.Duplicate = err, again
		})
		places, texts, c.Items = nil, nil, nil
	}
	for i, tick := range ticks {
		m, err := s.message(tick.Kind, tick.Payload, tick.Queue, s.id(tick.ID))
		if err != nil {
			results[i].Err = tasks.Permanent(err)
			continue
		}
		m.Expires = tick.Expires
		results[i].Receipt = receipt(m.ID, tick.Kind, m.RoutingKey)
		places, texts = append(places, i), append(texts, m.Encode(uuid.NewString()))
		c.Items = append(c.Items, item{tick.Entry, tick.At.Unix(), s.Broker.List(m.RoutingKey, m.Priority), len(texts) + 1})
		if len(texts) == atOnce {
			flush()
		}
	}
	flush()
	return results
}

// enqueue has the script send messages, and tells of each whether it was sent before, or why it could
// not be sent.
func (s *Sender) enqueue(ctx context.Context, c call, texts []any, tell func(i int, err error, again bool)) {
	if len(texts) == 0 {
		return
	}
	var reply []any
	err := s.broker.use(ctx, func(ctx context.Context) error {
		asked, err := json.Marshal(c)
		if err != nil {
			return err
		}
		reply, err = enqueueScript.Run(ctx, s.Broker.Redis, nil, append([]any{asked}, texts...)...).Slice()
		return err
	})
	if err == nil && len(reply) != len(texts) {
		err = tasks.ErrTooLate
	}
	for i, one := range c.Items {
		if err != nil {
			tell(i, fmt.Errorf("send to the list %s of Celery: %w", one.List, err), false)
			continue
		}
		switch said := reply[i].(type) {
		case int64:
			tell(i, nil, said == 0)
		default:
			tell(i, fmt.Errorf("send to the list %s of Celery: %w: %v", one.List, tasks.ErrElsewhere, said), false)
		}
	}
}

// Enqueue sends the task of an entry at once. To send it again, under the same name, is safe.
func (s *Sender) Enqueue(ctx context.Context, args tasks.Args, o tasks.Options) (tasks.Receipt, error) {
	kind := args.Kind()
	payload, err := tasks.Encode(args)
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	m, err := s.message(kind, payload, o.Queue, s.id(o.ID))
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	push := broker.Push{Mark: m.ID, List: s.Broker.List(m.RoutingKey, m.Priority), Text: m.Encode(uuid.NewString())}
	if _, err := s.Broker.Push(ctx, push); err != nil {
		return tasks.Receipt{}, err
	}
	return receipt(m.ID, kind, m.RoutingKey), nil
}
