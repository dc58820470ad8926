package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"switchyard/internal/queue/format"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// tendEvery is how often a busy lane makes ready what is due or lost; an idle one does
	// with every look.
	tendEvery = 200 * time.Millisecond
	// adoptEvery is how often the active list is searched for tasks without a lease. Only
	// a Redis that has lost writes leaves such.
	adoptEvery = 30 * time.Second
	// lookWithin bounds one look.
	lookWithin = 2 * time.Second
	// retryEvery is how often a Redis that is away is asked again.
	retryEvery = 500 * time.Millisecond
)

// marks is the number of values a lease's mark can have: the fraction of a score keeps
// twenty bits exactly beside a Unix time.
const marks = 1 << 20

// source is one queue of a lane: where its tasks come from.
type source struct {
	queue string
	keys  []string

	mu      sync.Mutex
	tended  time.Time // last, by our clock
	time    string    // and by Redis's
	adopted time.Time
	due     time.Time // when a delayed task is due or a held one may be lost; zero: not in sight
}

func newSource(queue string) *source {
	s := &source{queue: queue, time: "0", adopted: time.Now()}
	for _, part := range []string{"pending", "paused", "active", "lease", "scheduled", "retry"} {
		s.keys = append(s.keys, format.Key(queue, part))
	}
	s.keys = append(s.keys, format.WakeKey(queue))
	return s
}

// look takes tasks of the queue, if asked to. If asked to tend it, or if it is time to, it
// first makes ready what is due and what was lost; it reports whether it did.
func (l *Lane) look(s *source, take, tend bool) (tended bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := time.Now()
	tend = tend || sent.Sub(s.tended) >= tendEvery || !s.due.IsZero() && !sent.Before(s.due)
	adopt := tend && sent.Sub(s.adopted) >= adoptEvery
	mark := 1 + rand.Uint32N(marks-1)
	raw, err := l.runTake(s.keys, take, func(n int) []any {
		return []any{
			format.Key(s.queue, "t:"), n, tend, leaseTerm.Seconds(), lostAfter.Seconds(),
			l.contact.isSteady(), adopt, lostNote(sent),
			s.time, strconv.FormatFloat(sent.Sub(s.tended).Seconds(), 'f', 3, 64), format.MaxTokens, format.Key(s.queue, "g:"), mark,
			strconv.FormatUint(rand.Uint64(), 36) + ".", l.opts.PerUser, format.TurnsKey(s.queue), format.Key(s.queue, "groups"),
		}
	}).Slice()
	if err != nil {
		l.contact.failed(err)
		return tend, fmt.Errorf("look for tasks in %s: %w", s.queue, err)
	}
	l.contact.reached()
	r := reply(raw)
	if tend {
		s.tended, s.time, s.due = sent, r.text(0), time.Time{}
		if wait := r.number(1); wait >= 0 {
			s.due = sent.Add(time.Duration(wait) * time.Millisecond)
		}
		if adopt {
			s.adopted = sent
		}
	}
	if r.number(2) == 1 {
		l.contact.jumped()
		l.log.Warn("redis's clock has jumped: no task is taken for lost for a while", zap.String("queue", s.queue))
	}
	l.hold(s.queue, r.texts(3), mark, sent)
	l.reportLost(s.queue, r.texts(4), r.texts(5))
	return tend, nil
}

// runTake runs the script that takes tasks: n of them, as many as there are fetchers and
// never more than will run at once. A lane at work sends it behind the ends of attempts,
// whose slots are free by then.
func (l *Lane) runTake(keys []string, take bool, args func(n int) []any) *redis.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	free := func(ending int) int {
		if !take {
			return 0
		}
		return max(1, min(l.opts.Fetchers, l.opts.Concurrency-l.leases.count()+ending))
	}
	if l.leases.count() == 0 {
		return takeScript.Run(ctx, l.redis, keys, args(free(0))...)
	}
	cmd := l.batch.look(func(to redis.Scripter, ending int) *redis.Cmd {
		return takeScript.EvalSha(ctx, to, keys, args(free(ending))...)
	})
	if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		return takeScript.Eval(ctx, l.redis, keys, args(free(0))...)
	}
	return cmd
}

// hold keeps the tasks taken, given as id, message, losses, run, user, ....
func (l *Lane) hold(queue string, taken []string, mark uint32, sent time.Time) {
	for ; len(taken) > 0; taken = taken[5:] {
		losses, _ := strconv.Atoi(taken[2])
		h := &lease{queue: queue, id: taken[0], losses: losses, run: taken[3], user: taken[4], mark: mark, lost: make(chan struct{}), renewed: sent}
		l.leases.add(h)
		l.taken = append(l.taken, took{h, taken[1]})
	}
}

// reportLost says what was rescued, given as id, losses, ..., and what cannot be.
func (l *Lane) reportLost(queue string, rescued, gone []string) {
	for ; len(rescued) > 0; rescued = rescued[2:] {
		l.metrics.rescued.WithLabelValues(queue).Inc()
		l.log.Warn("task rescued: its worker has not renewed the lease", zap.String("queue", queue), zap.String("id", rescued[0]), zap.String("losses", rescued[1]))
	}
	for _, id := range gone {
		l.log.Error("task is gone: its data is no longer in redis, deleted or evicted", zap.String("queue", queue), zap.String("id", id))
	}
}

// lostNote is what a lost task's message gets appended: in protobuf the last value of a
// field wins, so that asynqmon shows this as the task's last error. The field numbers are
// those of TaskMessage in asynq's internal/proto/asynq.proto.
func lostNote(now time.Time) []byte {
	note := appendString(nil, 7, "worker lost: the task's lease was not renewed for "+lostAfter.String())
	return protowire.AppendVarint(protowire.AppendTag(note, 11, protowire.VarintType), uint64(now.Unix()))
}

// reply is what a script of ours returns.
type reply []any

func (r reply) text(i int) string  { s, _ := r[i].(string); return s }
func (r reply) number(i int) int64 { n, _ := r[i].(int64); return n }

func (r reply) texts(i int) []string {
	list, _ := r[i].([]any)
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = reply(list).text(i)
	}
	return texts
}

// tend makes ready what is due or lost while the lane itself takes nothing, its slots
// being full, until ctx ends.
func (l *Lane) tend(ctx context.Context) {
	for sleep(ctx, retryEvery) {
		for _, s := range l.sources {
			if s.untended() > maxIdle+retryEvery {
				// The contact has said what is wrong, and the next turn tries again.
				_, _ = l.look(s, false, true)
			}
		}
	}
}

func (s *source) untended() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.tended)
}
