package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// where returns the parts of the queue that hold an ID, but for those where it waits for a
// time that has not come.
func (p *patient) where(ctx context.Context, id string) (found []string, later bool, err error) {
	for _, part := range []string{"pending", "active"} {
		_, err := p.redis.LPos(ctx, format.Key(p.queue, part), id, redis.LPosArgs{}).Result()
		if err == nil {
			found = append(found, part)
		} else if !errors.Is(err, redis.Nil) {
			return nil, false, err
		}
	}
	for _, part := range []string{"lease", "scheduled", "retry", "archived", "completed"} {
		score, err := p.redis.ZScore(ctx, format.Key(p.queue, part), id).Result()
		switch {
		case errors.Is(err, redis.Nil):
		case err != nil:
			return nil, false, err
		case (part == "scheduled" || part == "retry") && score > float64(time.Now().Unix()):
			later = true
		default:
			found = append(found, part)
		}
	}
	return found, later, nil
}

// judgeBroken reports what is wrong with how a broken task was dealt with. It may have run
// once, if it can be performed; be in the dead letter, or wherever it waits or has ended, if
// asynq reads it there; or be in none of asynq's keys any more. What has not run and is not
// where it was is in the log.
func (p *patient) judgeBroken(ctx context.Context, d damage, lines []string) error {
	runs := p.tally.of(p.queue + "/" + d.id)
	found, later, err := p.where(ctx, d.id)
	if err != nil {
		return err
	}
	is, err := p.redis.Type(ctx, format.TaskKey(p.queue, d.id)).Result()
	if err != nil {
		return err
	}
	held := slices.ContainsFunc(found, func(part string) bool { return part != "archived" && part != "completed" })
	switch {
	case runs > 1, runs == 1 && !d.mayRun:
		return fmt.Errorf("it ran %d times", runs)
	case held:
		return fmt.Errorf("it is still in %v (ran %d times)", found, runs)
	case is != "none" && is != "hash":
		return fmt.Errorf("its data is still a %s", is)
	case runs == 1:
		return nil
	}
	return p.judgeUnrun(ctx, d, lines, is, len(found) > 0 || later)
}

// judgeUnrun is judgeBroken of a task that has not run.
func (p *patient) judgeUnrun(ctx context.Context, d damage, lines []string, is string, listed bool) error {
	readable := true
	if is == "hash" {
		_, err := p.inspector.GetTaskInfo(p.queue, d.id)
		// Nobody takes what rests: our commands show it as broken, to be deleted.
		s, _, ours := p.client.Status(ctx, p.queue, d.id)
		readable = err == nil || d.slow && ours == nil && s.State == tasks.StateBroken
	}
	state := p.redis.HGet(ctx, format.TaskKey(p.queue, d.id), "state").Val()
	switch {
	case is == "none" && listed:
		return errors.New("its ID is listed and it has no data")
	case !readable:
		return errors.New("asynq cannot read it")
	case is == "hash" && !listed && state != "aggregating":
		return fmt.Errorf("it is %q and in no list", state)
	case is == "hash" && state != "archived":
		return nil // it waits, or has ended, and nothing was done to it
	case is == "hash" && strings.Contains(d.part, "archived"):
		return nil
	}
	needle, _, _ := strings.Cut(strings.Map(plainOnly, d.id), " ")
	if len(needle) > 40 {
		needle = needle[:40]
	}
	named := naming(naming(lines, p.queue), needle)
	if len(named) == 0 || len(named) > 3 {
		return fmt.Errorf("it is named %d times in the log", len(named))
	}
	return nil
}

// plainOnly puts a space for what a line of the log spells in its own way.
func plainOnly(r rune) rune {
	if r < ' ' || r > '~' {
		return ' '
	}
	return r
}
