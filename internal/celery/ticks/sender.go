// Package ticks sends the tasks of schedule entries that Celery's workers perform: each tick becomes
// one message in a list of Celery's broker.
//
//	schedule.Engine -> Queue -> our queues
//	                         -> Sender -> a list of Celery, and the ledger beside it
//
// A tick is sent exactly once by any number of schedulers. The step that puts a message into its list
// also writes the tick into a ledger in the broker, and a tick that is not later than the one in the
// ledger is not sent. So it does not matter who was killed or held up, nor whether the schedule is in
// the same Redis as the broker.
//
// A broker that is away holds up none of the ticks that go to our queues.
package ticks

import (
	"context"
	"fmt"
	"unicode"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
)

// Kind is a kind of tasks that Celery's workers perform.
type Kind struct {
	Task     string   // its name in Celery
	Args     []string // the names of its positional arguments
	Queue    string   // its queue in Celery
	Priority int      // of its messages, as Celery counts: 0 is served first
}

// Options say what is sent, and where to.
type Options struct {
	Broker *broker.Broker
	// Backend has the results of Celery's tasks, under keys that begin with ResultPrefix. The
	// connections of both are whoever's who made them.
	Backend      redis.UniversalClient
	ResultPrefix string
	// Kinds are those that Celery's workers perform.
	Kinds map[string]Kind
	// Prefix is what our own keys begin with.
	Prefix string
	Log    *zap.Logger
}

// Sender sends tasks to Celery. It is safe for concurrent use.
type Sender struct {
	Options
	ledger, ages    string // keys in the broker
	broker, backend *reach
}

// NewSender returns a sender, to be closed. It does not speak to Redis yet.
func NewSender(o Options) *Sender {
	s := &Sender{Options: o, ledger: o.Prefix + "celery:ticks", ages: o.Prefix + "celery:ticks:ages"}
	s.broker = newReach("the broker of Celery", s.tryBroker, o.Log)
	s.backend = newReach("the backend of Celery", func(ctx context.Context) error { return o.Backend.Ping(ctx).Err() }, o.Log)
	return s
}

// Close ends what goes on beside calls. Nothing may be sent any more.
func (s *Sender) Close() {
	s.broker.close()
	s.backend.close()
}

func (s *Sender) tryBroker(ctx context.Context) error {
	return cache.CheckWrites(ctx, s.Broker.Redis, s.Prefix+"celery:probe")
}

// Check reports that the broker takes no messages, or that the backend tells nothing of tasks.
func (s *Sender) Check(ctx context.Context) error {
	if err := s.broker.check(ctx); err != nil {
		return err
	}
	return s.backend.check(ctx)
}

// Kinds returns whether Celery's workers perform a kind.
func (s *Sender) performs(kind string) bool {
	if s == nil {
		return false
	}
	_, here := s.Kinds[kind]
	return here
}

// checkEntry reports why a payload cannot be sent as a task of a kind; queue is "" for that of the kind.
func (s *Sender) checkEntry(kind string, payload []byte, queue string) error {
	if _, err := s.message(kind, payload, queue, ""); err != nil {
		return err
	}
	return nil
}

// maxQueue bounds the name of a queue in Celery, in bytes.
const maxQueue = 200

func checkQueue(queue string) error {
	for _, r := range queue {
		if !unicode.IsPrint(r) || r == ' ' {
			return fmt.Errorf("queue %.40q: give the name of a queue of Celery, without spaces", queue)
		}
	}
	if len(queue) > maxQueue {
		return fmt.Errorf("queue %.40q has %d bytes: at most %d are allowed", queue, len(queue), maxQueue)
	}
	return nil
}

// id returns the id in Celery of the task that is called name here: the UUID of version 5 of the prefix
// and the name, in the namespace of URLs. Whoever sends the task gives it the same one.
func (s *Sender) id(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(s.Prefix+name)).String()
}

// marked begins the names of Celery's queues in receipts, which no queue of ours can begin with.
const marked = "celery:"

// receipt says where a task went.
func receipt(id, kind, queue string) tasks.Receipt {
	return tasks.Receipt{ID: id, Kind: kind, Queue: marked + queue}
}
