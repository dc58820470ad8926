package lane

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/queue/format"
)

// statsFor is how long asynq keeps the counters of a day.
const statsFor = 90 * 24 * time.Hour

// stepAsk is what step.lua is asked for. What is zero is left out: reading it costs Redis time.
type stepAsk struct {
	Done    []string `json:"done,omitempty"`
	Marks   []uint32 `json:"marks,omitempty"`
	Ends    []endAsk `json:"ends,omitempty"`
	Take    int      `json:"take"`
	Name    string   `json:"name"`
	PerUser int      `json:"per_user,omitempty"`
	Day     string   `json:"day"`
	Woken   bool     `json:"woken,omitempty"`
}

// endAsk is the ending of one attempt.
type endAsk struct {
	ID        string         `json:"id"`
	Mark      uint32         `json:"mark"`
	Way       way            `json:"way"`
	User      string         `json:"user,omitempty"`      // whose turn it gives back
	Lock      string         `json:"lock,omitempty"`      // of a unique task
	Unlock    bool           `json:"unlock,omitempty"`    // release it from the dead letter, too
	Retention int64          `json:"retention,omitempty"` // of one that is kept, in seconds
	After     float64        `json:"after"`               // until the retry, in seconds
	Failed    bool           `json:"failed,omitempty"`    // the retry follows a failure
	Known     bool           `json:"known,omitempty"`     // it does not wait for another worker any more
	Tells     []tell         `json:"tells,omitempty"`     // tasks that tell of its end
	Member    *memberAsk     `json:"member,omitempty"`    // what its batch is told of its end
	Reply     *replyAsk      `json:"reply,omitempty"`     // what is told of it elsewhere
	Note      int            `json:"note,omitempty"`      // what is kept of the attempt, by its place
	Noted     bool           `json:"noted,omitempty"`     // something was kept of it while it ran
	Texts     map[string]int `json:"texts,omitempty"`     // fields of the task, by the place of their value
}

// stepReply is what came of a step.
type stepReply struct {
	taken   []*attempt
	more    bool
	lost    map[string]bool // endings of tasks that the lane does not hold; true: another does
	trimmed int64
	odd     []string
}

// step ends the attempts of a trip and takes the tasks it asks for.
func (l *lane) step(t *trip) (stepReply, error) {
	ask := stepAsk{
		Take: t.take, Name: strconv.FormatUint(rand.Uint64(), 36) + ".", PerUser: l.opts.PerUser,
		Day: t.sent.UTC().Format(time.DateOnly), Woken: t.woken,
	}
	var texts []any
	for _, e := range t.ends {
		if e.isPlain() {
			ask.Done, ask.Marks = append(ask.Done, e.attempt.id), append(ask.Marks, e.attempt.mark)
			continue
		}
		var one endAsk
		one, texts = e.ask(texts)
		ask.Ends = append(ask.Ends, one)
	}
	script := stepScript
	if l.opts.PerUser > 0 {
		script = turnsScript
	}
	r, err := t.source.ask(context.Background(), script, 6, ask, texts...)
	if err != nil {
		return stepReply{}, err
	}
	t.mark = uint32(r.number(1))
	answer := stepReply{more: r.number(2) == 1, trimmed: r.number(4), odd: r.texts(5)}
	for taken := r.list(0); len(taken) >= 4; taken = taken[4:] {
		answer.taken = append(answer.taken, l.newAttempt(t, taken))
	}
	for lost := r.texts(3); len(lost) >= 2; lost = lost[2:] {
		if answer.lost == nil {
			answer.lost = make(map[string]bool)
		}
		answer.lost[lost[0]] = lost[1] == "1"
	}
	return answer, nil
}

// sayTrimmed says what the dead letter has no room for any more.
func (l *lane) sayTrimmed(s *source, n int64) {
	if n > 0 {
		l.Metrics.trimmed.WithLabelValues(s.queue).Add(float64(n))
		l.Log.Warn("dead tasks deleted: there were more than are kept, or they were too old", zap.String("queue", s.queue), zap.Int64("deleted", n), zap.Int("most", format.DeadMost))
	}
}
