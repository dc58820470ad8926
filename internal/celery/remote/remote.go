// Package remote has Celery's workers perform tasks of our queues: each attempt is sent as one message,
// and its result awaited without a slot.
//
//	handler -> the call in our Redis -> a list of Celery      the task is parked
//	Celery's worker -> its result in the backend              the task is run again
//	handler -> reads the result: the attempt ends by it
//
// A call is written before its message is sent, and the message is put into its list once, by a mark.
// So it does not matter who is killed, nor when: whoever goes on with the attempt sends the same message.
//
// Any number of workers take part. Who has sent a message listens for its result. Beside that one of
// them at a time looks at all calls: at results that nobody has heard of, at tasks that are gone or
// cancelled, and at users whose brake is on.
package remote

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// Queue is where the tasks are.
type Queue interface {
	// Unpark runs a task at once if it is parked, see the queue's client.
	Unpark(ctx context.Context, queue, id string) (tasks.Unparked, error)
	// States returns the states of tasks, in their order, "" for one that is gone.
	States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error)
}

// Brake stops what works for a user.
type Brake interface {
	Enter(ctx context.Context, user, task string) (run context.Context, pass control.Pass, err error)
	Words(ctx context.Context, user string) string
}

// Brakes tell which users' brakes are on.
type Brakes interface {
	On(ctx context.Context, users []string) ([]bool, error)
}

// Deps are what a worker's part works with.
type Deps struct {
	// Redis is Switchyard's own, with keys that begin with Prefix, Broker that of Celery's messages,
	// Backend that of its results, which begin with ResultPrefix.
	Redis        redis.UniversalClient
	Prefix       string
	Broker       *broker.Broker
	Backend      redis.UniversalClient
	ResultPrefix string
	Queue        Queue
	Brake        Brake
	Brakes       Brakes
	// Progress keeps how far an attempt at a task is.
	Progress func(ctx context.Context, name tasks.Name, attempt int, progress []byte) error
	Log      *zap.Logger
}

// Remote is one worker's part. Its handlers are safe for concurrent use; Run has to run beside them.
type Remote struct {
	Deps
	kinds    map[string]Kind
	calls    *calls
	revoking *revoking
	ear      *ear
	seen     map[string]string     // what was last read of calls, by their IDs
	trouble  atomic.Pointer[error] // why nobody looks at the calls
}

func awaitedKey(prefix string) string { return prefix + "celery:awaited" }

// Awaited returns of how many tasks a result is awaited, in the Redis whose keys begin with prefix.
func Awaited(ctx context.Context, client redis.UniversalClient, prefix string) (int, error) {
	n, err := client.HLen(ctx, awaitedKey(prefix)).Result()
	if err != nil {
		return 0, fmt.Errorf("count the attempts that Celery's workers perform: %w", err)
	}
	return int(n), nil
}

// New returns a worker's part for kinds, by their names.
func New(kinds map[string]Kind, deps Deps) *Remote {
	key := awaitedKey(deps.Prefix)
	r := &Remote{Deps: deps, kinds: kinds, calls: &calls{deps.Redis, key}, seen: map[string]string{}}
	r.revoking = &revoking{redis: deps.Redis, key: deps.Prefix + "celery:revoking", broker: deps.Broker}
	r.ear = newEar(r)
	return r
}

// Handlers returns the handlers of the kinds.
func (r *Remote) Handlers() tasks.Handlers {
	all := make(tasks.Handlers, len(r.kinds))
	for name, k := range r.kinds {
		all[name] = func(ctx context.Context, t *tasks.Task) (any, error) { return r.perform(ctx, t, k) }
	}
	return all
}

// Run hears of results and looks at calls until ctx ends.
func (r *Remote) Run(ctx context.Context) {
	hearing := make(chan struct{})
	go func() {
		defer close(hearing)
		r.ear.run(ctx)
	}()
	for ctx.Err() == nil {
		r.turn(ctx)
		_ = tasks.Sleep(ctx, turnEvery)
	}
	<-hearing
}

// Check reports why results are not looked for.
func (r *Remote) Check(context.Context) error {
	if err := r.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// within bounds what is asked of a Redis beside an attempt's own limits.
const within = 5 * time.Second

// brakedKind reports whether the brake of a user stops the tasks of a kind: those of agents.
func brakedKind(kind string) bool { return strings.HasPrefix(kind, "agent_") }
