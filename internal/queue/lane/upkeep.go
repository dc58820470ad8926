package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
)

// upkeep is a queue to whoever keeps it in order: a lane, or a [Caretaker].
type upkeep struct {
	redis   redis.UniversalClient
	queue   string
	keys    []string // what asynq's keys of it and ours begin with
	perUser int      // most turns of a user, 0: any number
	health  *health
	mends   *mends
	log     *zap.Logger
}

func newUpkeep(client redis.UniversalClient, queue string, perUser int, h *health, m *mends, log *zap.Logger) *upkeep {
	m.begin(queue)
	return &upkeep{client, queue, []string{format.Key(queue, ""), format.OwnKey(queue, "")}, perUser, h, m, log}
}

// answerWithin bounds one script.
const answerWithin = 2 * time.Second

// ask runs a script on the queue; what is what it is asked for, texts what that refers to by place, from
// 2 on. size is how many values it answers with.
func (u *upkeep) ask(ctx context.Context, script *redis.Script, size int, what any, texts ...any) (reply, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("encode what is asked of %s: %w", u.queue, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	raw, err := script.Run(ctx, u.redis, u.keys, append([]any{string(text)}, texts...)...).Slice()
	if err != nil {
		return nil, err
	}
	if len(raw) != size {
		return nil, errors.New("the script's answer is cut short")
	}
	return raw, nil
}

// sayOdd names what was found wrong in the queue and put right, given as key, id, what, ....
func (u *upkeep) sayOdd(odd []string) {
	for ; len(odd) >= 3; odd = odd[3:] {
		u.mends.odd.WithLabelValues(u.queue).Inc()
		u.log.Error("found wrong in redis and put right", zap.String("queue", u.queue), zap.String("key", odd[0]), zap.String("id", odd[1]), zap.String("what", odd[2]))
	}
}

// mends count what is put right in queues.
type mends struct {
	rescued *prometheus.CounterVec
	odd     *prometheus.CounterVec
}

// newMends registers the counters with reg, or finds them there: a process may have lanes and a
// caretaker.
func newMends(reg prometheus.Registerer) *mends {
	counter := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"queue"})
		err := reg.Register(c)
		if there, is := errors.AsType[prometheus.AlreadyRegisteredError](err); is {
			return there.ExistingCollector.(*prometheus.CounterVec)
		} else if err != nil {
			panic(err) // as MustRegister does
		}
		return c
	}
	return &mends{
		rescued: counter("switchyard_tasks_rescued_total", "Tasks of lost workers that this process made ready again."),
		odd:     counter("switchyard_redis_mended_total", "Keys and tasks found wrong in Redis, and put right or moved aside."),
	}
}

// begin has the series of a queue there before their first step.
func (m *mends) begin(queue string) {
	m.rescued.WithLabelValues(queue)
	m.odd.WithLabelValues(queue)
}
