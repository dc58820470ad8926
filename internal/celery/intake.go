package celery

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/celery/wire"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// takeAtOnce and takeBytes bound what is taken in one step.
	takeAtOnce = 100
	takeBytes  = 8 << 20
	// mostAhead is how many tasks of the first list may wait here: those of a queue's other lists are
	// taken only for slots that are free, so that what comes in later and is more urgent is served first.
	mostAhead = 1000
	// deadMost is how many refused messages are kept.
	deadMost = 10_000
)

var (
	//go:embed take.lua
	takeLua string
	//go:embed settle.lua
	settleLua string

	takeScript   = redis.NewScript(takeLua)
	settleScript = redis.NewScript(settleLua)
)

// source is a queue of Celery that messages are taken from: a list for each priority, with an intake
// each.
type source struct {
	queue   string
	ours    []string // our queues whose tasks wait for the same slots
	lists   []string
	intakes []string
	onward  []string // the lists of the remaining Celery workers
}

// sources returns the queues that messages are taken from.
func (d *Door) newSources() []*source {
	var all []*source
	for _, queue := range d.Queues {
		s := &source{queue: queue, lists: d.Broker.Lists(queue), onward: d.Broker.Lists(queue + d.PythonSuffix), ours: d.OurQueues}
		for _, one := range d.OurQueues {
			if one == queue {
				s.ours = []string{queue}
			}
		}
		for _, list := range s.lists {
			s.intakes = append(s.intakes, Intake(d.Prefix, list))
		}
		all = append(all, s)
	}
	return all
}

// message is one that is in an intake.
type message struct {
	source *source
	place  int // of its list
	text   string
}

// room says how many messages of a source may be taken now.
type room struct{ first, rest int }

// takeQueue is a source as the script is told of it.
type takeQueue struct {
	Lists   []string `json:"lists"`
	Intakes []string `json:"intakes"`
	First   int      `json:"first"`
	Rest    int      `json:"rest"`
}

// take moves messages into the intakes and returns them. more says that others are left.
func (d *Door) take(ctx context.Context, rooms []room) (taken []message, more bool, err error) {
	queues := make([]takeQueue, len(d.sources))
	for i, s := range d.sources {
		queues[i] = takeQueue{s.lists, s.intakes, rooms[i].first, rooms[i].rest}
	}
	call, _ := json.Marshal(map[string]any{"queues": queues, "bytes": takeBytes}) // always has a text
	answer, err := takeScript.Run(ctx, d.Broker.Redis, nil, call).Slice()
	if err != nil {
		return nil, false, fmt.Errorf("take messages of Celery: %w", err)
	}
	for i, s := range d.sources {
		said, _ := answer[i].([]any)
		if len(said) == 2 && said[0] == int64(-1) {
			d.Log.Error("a queue of Celery cannot be taken from: rename or delete the key", zap.String("queue", s.queue), zap.Any("key", said[1]))
			continue
		}
		left, _ := said[0].(int64)
		more = more || left > 0
		d.Metrics.waiting.WithLabelValues(s.queue).Set(float64(left))
		for rest := said[1:]; len(rest) >= 2; rest = rest[2:] {
			place, text := rest[0].(int64), rest[1].(string)
			taken = append(taken, message{s, int(place) - 1, text})
		}
	}
	return taken, more, nil
}

// leftBehind returns what is in the intakes: whoever took it was killed, or could not add it.
func (d *Door) leftBehind(ctx context.Context) ([]message, error) {
	var all []message
	for _, s := range d.sources {
		for place, intake := range s.intakes {
			texts, err := d.Broker.Redis.LRange(ctx, intake, -takeAtOnce, -1).Result()
			if err != nil {
				return nil, fmt.Errorf("look at the intake %s: %w", intake, err)
			}
			for i := len(texts) - 1; i >= 0; i-- { // the oldest first
				all = append(all, message{s, place, texts[i]})
			}
		}
	}
	return all, nil
}

// fate is what becomes of a message that is in an intake.
type fate struct {
	message
	outcome string
	to      string // the list that it goes to, "" if it is a task now
	most    int    // how many that list keeps, 0: all
}

// batch is messages that are brought in together.
type batch struct {
	fates  []fate
	read   []wire.Message
	adds   []tasks.New // of those that become tasks
	places []int       // of these among all
}

// bringIn adds the tasks of messages, passes on what is not for here and refuses what cannot be
// understood; then all of them leave the intake. An error says that some stay there for another try.
func (d *Door) bringIn(ctx context.Context, all []message) error {
	b := &batch{fates: make([]fate, len(all)), read: make([]wire.Message, len(all))}
	now := time.Now()
	for i, one := range all {
		b.fates[i].message = one
		if err := d.sort(b, i, now); err != nil {
			if err := d.refuse(ctx, &b.fates[i], b.read[i], err); err != nil {
				return err
			}
		}
	}
	if err := d.endRevoked(ctx, b); err != nil {
		return err
	}
	waiting := d.addSome(ctx, b)
	if err := d.cancelRevoked(ctx, b); err != nil {
		return err
	}
	if err := d.settle(ctx, b.fates); err != nil {
		return err
	}
	return waiting
}

// sort decides whether a message becomes a task or is passed on. The error says why it can be neither.
func (d *Door) sort(b *batch, i int, now time.Time) error {
	seen := d.Foresee(b.fates[i].text, now)
	switch {
	case seen.Task != "" && !seen.Here:
		b.fates[i].outcome, b.fates[i].to = passed, b.fates[i].source.onward[b.fates[i].place]
		return nil
	case seen.Why == nil:
		b.adds, b.places = append(b.adds, seen.New), append(b.places, i)
	}
	b.read[i] = seen.message
	return seen.Why
}

// addSome adds tasks. What cannot be added now keeps its message in the intake, and the error says why.
func (d *Door) addSome(ctx context.Context, b *batch) error {
	var waiting error
	for n, result := range d.Queue.EnqueueMany(ctx, b.adds) {
		i := b.places[n]
		switch {
		case result.Err == nil:
			b.fates[i].outcome = added
			d.received(b.read[i])
		case tasks.IsPermanent(result.Err):
			if err := d.refuse(ctx, &b.fates[i], b.read[i], refusedBy(b.read[i], result.Err)); err != nil {
				waiting = err
			}
		default:
			waiting = result.Err
		}
	}
	return waiting
}

// settleItem is a message that leaves its intake, as the script is told of it.
type settleItem struct {
	Intake string `json:"intake"`
	Text   int    `json:"text"`
	To     string `json:"to,omitempty"`
	Most   int    `json:"most,omitempty"`
}

// settle has messages leave the intake whose fate is known.
func (d *Door) settle(ctx context.Context, fates []fate) error {
	var items []settleItem
	args := make([]any, 1, len(fates)+1)
	for _, f := range fates {
		if f.outcome == "" {
			continue
		}
		args = append(args, f.text)
		items = append(items, settleItem{f.source.intakes[f.place], len(args), f.to, f.most})
		d.Metrics.taken.WithLabelValues(f.source.queue, f.outcome).Inc()
	}
	if len(items) == 0 {
		return nil
	}
	args[0], _ = json.Marshal(map[string]any{"items": items}) // always has a text
	became, err := settleScript.Run(ctx, d.Broker.Redis, nil, args...).Slice()
	if err != nil {
		return fmt.Errorf("take messages of Celery out of the intake: %w", err)
	}
	for _, said := range became {
		if text, wrong := said.(string); wrong {
			err = fmt.Errorf("a message of Celery cannot be passed on: %s: rename or delete the key", text)
		}
	}
	return err
}

// rooms returns how many messages of each source may be taken.
func (d *Door) rooms(ctx context.Context) ([]room, error) {
	rooms := make([]room, len(d.sources))
	if d.resting { // nothing has come for a while: a few of the first lists always have room
		for i := range rooms {
			rooms[i].first = takeAtOnce
		}
		return rooms, nil
	}
	waits, runs := map[string]*redis.IntCmd{}, map[string]*redis.IntCmd{}
	_, err := d.Redis.Pipelined(ctx, func(to redis.Pipeliner) error {
		for _, queue := range d.OurQueues {
			waits[queue] = to.LLen(ctx, format.Key(queue, "pending"))
			runs[queue] = to.LLen(ctx, format.Key(queue, "active"))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	for i, s := range d.sources {
		ahead, free := mostAhead, 0
		for _, queue := range s.ours {
			ahead -= int(waits[queue].Val())
			free += d.slots[queue] - int(runs[queue].Val()) - int(waits[queue].Val())
		}
		if ahead >= takeAtOnce { // or else each round would bring in what one slot has done meanwhile
			rooms[i].first = takeAtOnce
		}
		rooms[i].rest = max(0, min(free, takeAtOnce))
	}
	return rooms, nil
}
