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
	*upkeep
	walk    string    // where to go on with the users who wait, "" if it looks at a few at random
	last    string    // when it last looked, by Redis's clock
	looked  time.Time // and by ours
	adopted time.Time
}

func newRescuer(u *upkeep) *rescuer {
	return &rescuer{upkeep: u, nudges: newNudges(), last: "0", adopted: time.Now()}
}

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
	Walk     string  `json:"walk,omitempty"`
}

// rawText is a number in JSON as Redis wrote it.
type rawText string

// MarshalJSON implements [json.Marshaler].
func (t rawText) MarshalJSON() ([]byte, error) { return []byte(t), nil }

// look gives back what is lost and returns when to look again, 0 if nothing is held.
func (r *rescuer) look(ctx context.Context) (time.Duration, error) {
	now := time.Now()
	ask := rescueAsk{
		Patience: lostAfter.Seconds(), Trusted: r.health.isSteady(),
		Last: rawText(r.last), Since: now.Sub(r.looked).Seconds(), Adopt: now.Sub(r.adopted) >= adoptEvery,
		Note: 2, Lost: 3, PerUser: r.perUser, Walk: r.walk,
	}
	const why = "worker lost: the task's lease was not renewed for "
	answer, err := r.ask(ctx, rescueScript, 6, ask,
		format.Failed(why+lostAfter.String(), now.Unix()), lostNote(now, why+lostAfter.String()))
	if err != nil {
		r.health.failed(err)
		return retryEvery, err
	}
	r.health.reached()
	r.last, r.looked = answer.text(0), now
	if ask.Adopt && ask.Trusted {
		r.adopted = now
	}
	if answer.number(2) == 1 {
		r.health.jumped()
		r.log.Warn("redis's clock has jumped: no task is taken for lost for a while", zap.String("queue", r.queue))
	}
	r.report(answer.texts(3))
	r.sayOdd(answer.texts(4))
	if r.walk != "" {
		r.walk = answer.text(5)
	}
	if wait := answer.number(1); wait >= 0 {
		return time.Duration(wait) * time.Millisecond, nil
	}
	return 0, nil
}

// report says what was given back, as id, losses, ....
func (r *rescuer) report(rescued []string) {
	for ; len(rescued) >= 2; rescued = rescued[2:] {
		r.mends.rescued.WithLabelValues(r.queue).Inc()
		r.log.Warn("task rescued: its worker has not renewed the lease", zap.String("queue", r.queue), zap.String("id", rescued[0]), zap.String("losses", rescued[1]))
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
