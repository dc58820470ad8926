package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"switchyard/internal/tasks"

	"github.com/redis/go-redis/v9"
)

// calm is what a worker gets after its start before it counts as idle.
const calm = 2 * time.Second

// idleOf counts, per second, the commands an idle worker sends, and those that Redis
// performs for it, which include the ones inside scripts. performed is negative if Redis
// does not say; whatever else uses that Redis meanwhile is counted with it.
func (r *run) idleOf(ctx context.Context, c contender) (sent, performed float64, err error) {
	stop, err := c.start(slotsWhileIdle, func(int) {})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := tasks.Sleep(ctx, calm); err != nil {
		return 0, 0, err
	}
	return r.watchIdle(ctx, fmt.Sprintf("idle, %s", c))
}

// watchIdle counts, per second, the commands that this process sends and those that Redis
// performs, while nobody has anything to do.
func (r *run) watchIdle(ctx context.Context, what string) (sent, performed float64, err error) {
	before, err := r.commands(ctx)
	if err != nil {
		return 0, 0, err
	}
	began, sentBefore := time.Now(), r.sent.commands.Load()
	for left := r.Idle; left > 0; left = r.Idle - time.Since(began) {
		r.Progress(what, int((r.Idle - left).Seconds()), int(r.Idle.Seconds()))
		if err := tasks.Sleep(ctx, min(left, time.Second)); err != nil {
			return 0, 0, err
		}
	}
	span := time.Since(began).Seconds()
	sent = float64(r.sent.commands.Load()-sentBefore) / span
	after, err := r.commands(ctx)
	// It also does not say if its counts were set back meanwhile.
	if err != nil || before.servers == 0 || after.total < before.total {
		return sent, -1, err
	}
	// Redis counts the question before when it answers the one after.
	return sent, float64(after.total-before.total-before.servers) / span, nil
}

// commandCount is how many commands the servers asked have performed in all; no servers
// if one does not say.
type commandCount struct{ total, servers int64 }

// commands asks every master.
func (r *run) commands(ctx context.Context) (commandCount, error) {
	var mu sync.Mutex
	var sum commandCount
	silent := false
	err := eachMaster(ctx, r.Redis, func(ctx context.Context, master *redis.Client) error {
		info, err := master.Info(ctx, "stats").Result()
		if err != nil {
			return fmt.Errorf("ask Redis for its statistics: %w", err)
		}
		text, _ := field(info, "total_commands_processed")
		total, err := strconv.ParseInt(text, 10, 64)
		mu.Lock()
		defer mu.Unlock()
		silent = silent || err != nil
		sum.total, sum.servers = sum.total+total, sum.servers+1
		return nil
	})
	if silent {
		return commandCount{}, err
	}
	return sum, err
}

// sent is a hook that counts the commands a client sends, each of a pipeline for itself.
type sent struct{ commands atomic.Int64 }

// DialHook implements [redis.Hook].
func (s *sent) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (s *sent) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.commands.Add(1)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (s *sent) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		s.commands.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// redisVersion returns the version of the Redis, "" if it does not say.
func redisVersion(ctx context.Context, client redis.UniversalClient) string {
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return ""
	}
	version, _ := field(info, "redis_version")
	return version
}

// field returns the value of a field in the answer to INFO, one "name:value" a line.
func field(info, name string) (string, bool) {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// eachMaster calls do for every server that holds keys: one, or a cluster's masters, those
// concurrently.
func eachMaster(ctx context.Context, client redis.UniversalClient, do func(context.Context, *redis.Client) error) error {
	switch c := client.(type) {
	case *redis.Client:
		return do(ctx, c)
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, do)
	}
	return fmt.Errorf("a Redis client of type %T is not known here", client)
}
