package lane

import (
	"context"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/queue/format"
)

// adoptEvery is how often the active list is searched for tasks without a lease. Only
// a Redis that has lost writes leaves such.
const adoptEvery = 30 * time.Second

// rescuer gives back the tasks of a queue whose worker is gone.
type rescuer struct {
	nudges
	source  *source
	last    string    // when it last looked, by Redis's clock
	looked  time.Time // and by ours
	adopted time.Time
}

func newRescuer(s *source) *rescuer {
	return &rescuer{source: s, nudges: newNudges(), last: "0", adopted: time.Now()}
}

// run looks at once, when a task may be lost, and when it is nudged, until ctx ends.
func (r *rescuer) run(ctx context.Context) { r.repeat(ctx, r.look) }

// rescueAsk is what rescue.lua is asked for.
type rescueAsk struct {
	Patience float64 `json:"patience"`
	Trusted  bool    `json:"trusted"`
	Last     rawText `json:"last"`
	Since    float64 `json:"since"`
	Adopt    bool    `json:"adopt"`
	Note     int     `json:"note"`
	Lost     int     `json:"lost"`
	PerUser  int     `json:"per_user"`
}

// rawText is a number in JSON as Redis wrote it.
type rawText string

// MarshalJSON implements [json.Marshaler].
func (t rawText) MarshalJSON() ([]byte, error) { return []byte(t), nil }

// look gives back what is lost and returns when to look again, 0 if nothing is held.
func (r *rescuer) look(ctx context.Context) (time.Duration, error) {
	l, now := r.source.lane, time.Now()
	ask := rescueAsk{
		Patience: lostAfter.Seconds(), Trusted: l.health.isSteady(),
		Last: rawText(r.last), Since: now.Sub(r.looked).Seconds(), Adopt: now.Sub(r.adopted) >= adoptEvery,
		Note: 2, Lost: 3, PerUser: l.opts.PerUser,
	}
	const why = "worker lost: the task's lease was not renewed for "
	answer, err := run(ctx, l.Redis, rescueScript, r.source, 5, ask,
		format.Failed(why+lostAfter.String(), now.Unix()), lostNote(now, why+lostAfter.String()))
	if err != nil {
		l.health.failed(err)
		return retryEvery, err
	}
	l.health.reached()
	r.last, r.looked = answer.text(0), now
	if ask.Adopt && ask.Trusted {
		r.adopted = now
	}
	if answer.number(2) == 1 {
		l.health.jumped()
		l.Log.Warn("redis's clock has jumped: no task is taken for lost for a while", zap.String("queue", r.source.queue))
	}
	r.report(answer.texts(3))
	l.sayOdd(r.source, answer.texts(4))
	if wait := answer.number(1); wait >= 0 {
		return time.Duration(wait) * time.Millisecond, nil
	}
	return 0, nil
}

// report says what was given back, as id, losses, ....
func (r *rescuer) report(rescued []string) {
	l, queue := r.source.lane, r.source.queue
	for ; len(rescued) >= 2; rescued = rescued[2:] {
		l.Metrics.rescued.WithLabelValues(queue).Inc()
		l.Log.Warn("task rescued: its worker has not renewed the lease", zap.String("queue", queue), zap.String("id", rescued[0]), zap.String("losses", rescued[1]))
	}
}

// nudges have somebody look before it is time to.
type nudges chan struct{}

func newNudges() nudges { return make(nudges, 1) }

// nudge has the looker look; one that is about to needs no second nudge.
func (n nudges) nudge() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// repeat looks at once, when the time has come that look returned, and when nudged, until
// ctx ends. A time of 0 is none.
func (n nudges) repeat(ctx context.Context, look func(context.Context) (time.Duration, error)) {
	for ctx.Err() == nil {
		next, err := look(ctx)
		if err != nil {
			next = retryEvery // the log has said why
		}
		timer := time.NewTimer(next)
		if next == 0 {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-n:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
