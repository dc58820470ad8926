package oracle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// patient is a queue that is damaged.
type patient struct {
	*hospital
	queue string
	// perUser is how many tasks of one user its lane runs at once, 0 for any number.
	perUser int
	rng     *rand.Rand
	good    []string // IDs of tasks that nothing is wrong with
	done    []damage // in this round
	names   []string // of all damage
	wrong   []string
}

// suffer does some damage: that which is this queue's turn, and maybe more to other parts.
// Where damage of an earlier round still stands, no more can be done.
func (p *patient) suffer(ctx context.Context, all catalogue, round, turn int) {
	damages := []damage{all.take(turn)}
	for range p.rng.IntN(3) {
		if more := all.take(p.rng.IntN(1 << 20)); p.fits(more, damages) {
			damages = append(damages, more)
		}
	}
	p.done = nil
	for _, d := range damages {
		d = d.in(round)
		if err := d.do(ctx, p.redis, p.queue, d.id); err != nil {
			p.wrong = append(p.wrong, fmt.Sprintf("no way to do this: %s: %v", d.name, err))
			continue
		}
		p.done, p.names = append(p.done, d), append(p.names, d.name)
	}
}

// fits reports whether damage can be done beside other damage: it would be undone if it
// were done to the same part, and there is one broken task of a name.
func (p *patient) fits(d damage, others []damage) bool {
	return !slices.ContainsFunc(others, func(o damage) bool {
		if d.task && o.task {
			return true
		}
		return slices.ContainsFunc(p.touched(d), func(part string) bool { return slices.Contains(p.touched(o), part) })
	})
}

// touched are the parts that damage is done to, with those that a task is moved to.
func (p *patient) touched(d damage) []string {
	parts := strings.Fields(d.part)
	if d.task {
		parts = append(parts, "active", "pending", "lease", "archived", "completed")
	}
	return parts
}

// visit adds good tasks, some by us and some by a foreign client. Those that cannot be added,
// for a key that they need is damaged, are added once it is not.
func (p *patient) visit(t *testing.T, round int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for n, add := range []func(id string) error{
		func(id string) error { return p.ours(t.Context(), id, tasks.Options{}, "ada") },
		func(id string) error { return p.ours(t.Context(), id, tasks.Options{}, "ada") },
		func(id string) error { return p.ours(t.Context(), id, tasks.Options{Unique: time.Hour}, "") },
		func(id string) error {
			return p.ours(t.Context(), id, tasks.Options{At: time.Now().Add(time.Second)}, "")
		},
		p.foreign,
	} {
		id := fmt.Sprintf("good-%d-%d", round, n)
		if p.keepTrying(t, id, deadline, add) {
			p.good = append(p.good, id)
		}
	}
}

// keepTrying adds a task until it is added, or until it is clear that it never will be.
func (p *patient) keepTrying(t *testing.T, id string, deadline time.Time, add func(id string) error) bool {
	t.Helper()
	for ; ; time.Sleep(50 * time.Millisecond) {
		err := add(id)
		if err == nil {
			return true
		}
		if time.Now().After(deadline) {
			p.wrong = append(p.wrong, fmt.Sprintf("task %s cannot be added: %v", id, err))
			return false
		}
		// asynq's script may have failed in the middle.
		lock := format.LockKey(p.queue, kind, payload(p.queue, id, ""))
		if err := p.redis.Del(t.Context(), format.TaskKey(p.queue, id), lock).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *patient) ours(ctx context.Context, id string, opts tasks.Options, user string) error {
	opts.ID, opts.Queue = id, p.queue
	receipt, err := p.client.Enqueue(ctx, probe{Text: p.queue + "/" + id, User: user}, opts)
	if err == nil && receipt.Duplicate {
		err = errors.New("it is taken for a duplicate")
	}
	return err
}

func (p *patient) foreign(id string) error {
	_, err := p.asynq.Enqueue(asynq.NewTask(kind, payload(p.queue, id, "")), asynq.Queue(p.queue), asynq.TaskID(id), asynq.Retention(time.Hour))
	return err
}

func payload(q, id, user string) []byte {
	text, err := tasks.Encode(probe{Text: q + "/" + id, User: user})
	if err != nil {
		panic(err)
	}
	return text
}

// judge returns what is wrong with the queue still.
func (p *patient) judge(ctx context.Context, lines []string, slowly bool) (wrong []string) {
	var ill []string
	for _, id := range p.good {
		if err := p.judgeGood(ctx, id); err != nil {
			ill = append(ill, err.Error())
		}
	}
	if len(ill) > 0 {
		wrong = append(wrong, "good tasks: "+strings.Join(ill, "; "))
	}
	for _, d := range p.done {
		if d.slow && !slowly {
			continue
		}
		if d.wrong {
			wrong = append(wrong, p.judgeKey(ctx, d, lines)...)
		}
		if d.task {
			if err := p.judgeBroken(ctx, d, lines); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %v", d.name, err))
			}
		}
	}
	if slowly || !slices.ContainsFunc(p.done, func(d damage) bool { return d.slow }) {
		wrong = append(wrong, p.inspect()...)
	}
	return wrong
}

func (p *patient) judgeGood(ctx context.Context, id string) error {
	runs := p.tally.of(p.queue + "/" + id)
	state, err := p.redis.HGet(ctx, format.TaskKey(p.queue, id), "state").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("%s ran %d times and cannot be read: %w", id, runs, err)
	}
	if state != "completed" || runs != 1 {
		return fmt.Errorf("%s ran %d times and is %q", id, runs, state)
	}
	return nil
}

// judgeKey returns what is wrong with a key that was damaged.
func (p *patient) judgeKey(ctx context.Context, d damage, lines []string) (wrong []string) {
	if strings.HasPrefix(d.part, "turns:") && p.perUser == 0 {
		return nil // nothing of the queue has to do with turns
	}
	key := d.key(p.queue)
	is, err := p.redis.Type(ctx, key).Result()
	if right := d.is(); err != nil || is != "none" && is != right {
		return []string{fmt.Sprintf("%s: %s is still a %s (%v)", d.name, key, is, err)}
	}
	if d.is() == "string" && is == "string" {
		if err := p.redis.IncrBy(ctx, key, 0).Err(); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: it does not count: %v", d.name, err))
		}
	}
	if named := naming(lines, key); !d.quiet && (len(named) == 0 || len(named) > 3) {
		wrong = append(wrong, fmt.Sprintf("%s: the key is named %d times in the log", d.name, len(named)))
	}
	return wrong
}

// complain fails the test with all that is needed to see why.
func (p *patient) complain(t *testing.T) {
	t.Helper()
	t.Errorf("seed %d, queue %s\ndamage: %s\nwrong:  %s\nleft:   %s\nlog:\n\t%s", *seed, p.queue, strings.Join(p.names, "\n        "),
		strings.Join(cut(p.wrong, 20), "\n        "), strings.Join(p.left(t), "\n        "),
		strings.Join(cut(naming(p.lines(zap.WarnLevel), p.queue), 12), "\n\t"))
}

// left tells of the good tasks that have not ended what Redis has of them, as late as that.
func (p *patient) left(t *testing.T) (all []string) {
	t.Helper()
	for _, id := range p.good {
		task, err := p.redis.HMGet(t.Context(), format.TaskKey(p.queue, id), "state", "due_ms", "pending_since").Result()
		if err == nil && task[0] == "completed" {
			continue
		}
		parts, later, lost := p.where(t.Context(), id)
		all = append(all, fmt.Sprintf("%s at %d: state, due_ms, pending_since are %v, in %v, waits for a later time %v (%v)", id, time.Now().UnixMilli(), task, parts, later, errors.Join(err, lost)))
	}
	return all
}

// cut returns the first lines, each not too long.
func cut(lines []string, most int) []string {
	lines = slices.Clone(lines[:min(len(lines), most)])
	for i := range lines {
		lines[i] = fmt.Sprintf("%.300s", strings.ToValidUTF8(lines[i], "?"))
	}
	return lines
}
