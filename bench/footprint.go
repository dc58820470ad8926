package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// allQueues is asynq's set of the names of all queues.
const allQueues = "asynq:queues"

// What a scheduler shows asynqmon, and where that finds it.
const (
	allSchedulers = "asynq:schedulers"
	mirror        = "asynq:schedulers:{switchyard}"
)

// taskID starts the ID of each task the bench puts into a real queue.
const taskID = "bench-"

// footprint knows what was in Redis before the bench, and removes what has come since. Of
// a real queue it removes nothing if somebody else has added a task meanwhile.
type footprint struct {
	redis  redis.UniversalClient
	queues []string
	keys   map[string]bool // of the queues, before
	named  []string        // queues, before
	pids   []int           // processes started

	mirrored bool // a scheduler of others shows its entries, before
}

func newFootprint(ctx context.Context, client redis.UniversalClient, queues []string) (*footprint, error) {
	f := &footprint{redis: client, queues: queues, keys: map[string]bool{}}
	keys, err := f.scan(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		f.keys[key] = true
	}
	if f.named, err = client.SMembers(ctx, allQueues).Result(); err != nil {
		return nil, fmt.Errorf("read %s: %w", allQueues, err)
	}
	there, err := client.Exists(ctx, mirror).Result()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", mirror, err)
	}
	f.mirrored = there > 0
	return f, nil
}

// histories matches what schedulers write of the ticks of the bench's entries, for asynqmon.
const histories = "asynq:scheduler_history:*" + taskID + "*"

// claims matches what deployments claim for themselves: a worker claims its queues.
const claims = "switchyard:deployment:*"

// probe ends the keys with which daemons try whether Redis takes writes, in each queue that they know.
const probe = "}:probe"

// scan returns the keys there are of the footprint's queues, those under [Prefix], the
// histories of the bench's entries, the claims of deployments, and what was tried.
func (f *footprint) scan(ctx context.Context) ([]string, error) {
	var keys []string
	var mu sync.Mutex
	err := eachMaster(ctx, f.redis, func(ctx context.Context, master *redis.Client) error {
		for _, pattern := range []string{"asynq:{*", "switchyard:{*", Prefix + "*", histories, claims} {
			for pages := master.Scan(ctx, 0, pattern, 1000).Iterator(); ; {
				if !pages.Next(ctx) {
					if err := pages.Err(); err != nil {
						return fmt.Errorf("scan for %s: %w", pattern, err)
					}
					break
				}
				key := pages.Val()
				queue, _ := queueOf(key)
				if pattern != histories && pattern != claims && !strings.HasPrefix(key, Prefix) && !strings.HasSuffix(key, probe) && !slices.Contains(f.queues, queue) {
					continue
				}
				mu.Lock()
				keys = append(keys, key)
				mu.Unlock()
			}
		}
		return nil
	})
	return keys, err
}

// queueOf returns the queue a key belongs to, "" for none, and the ID if it is a task's.
func queueOf(key string) (queue, id string) {
	_, rest, ok := strings.Cut(key, ":{")
	if !ok {
		return "", ""
	}
	queue, rest, _ = strings.Cut(rest, "}:")
	id, ok = strings.CutPrefix(rest, "t:")
	if !ok {
		return queue, ""
	}
	return queue, id
}

// removable returns which of keys are the bench's to remove, and the queues in which
// there are tasks of others. before holds the keys that were there at the start.
func removable(keys []string, before map[string]bool) (remove, shared []string) {
	for _, key := range keys {
		queue, id := queueOf(key)
		if id != "" && !ownQueue(queue) && !strings.HasPrefix(id, taskID) && !slices.Contains(shared, queue) {
			shared = append(shared, queue)
		}
	}
	for _, key := range keys {
		queue, _ := queueOf(key)
		if !before[key] && (strings.HasPrefix(key, Prefix) || !slices.Contains(shared, queue)) {
			remove = append(remove, key)
		}
	}
	return remove, shared
}

// ownQueue reports whether nobody but the bench has business in a queue.
func ownQueue(name string) bool {
	return name == oursQueue || name == asynqQueue || strings.HasPrefix(name, asynqQueue+"-")
}

// removeKeys removes the keys that have come since the start, and returns the queues it
// has left alone.
func (f *footprint) removeKeys(ctx context.Context) (shared []string, err error) {
	keys, err := f.scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("clean up: %w", err)
	}
	remove, shared := removable(keys, f.keys)
	for batch := range slices.Chunk(remove, 1000) {
		_, err := f.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range batch {
				p.Unlink(ctx, key)
			}
			return nil
		})
		if err != nil {
			return shared, fmt.Errorf("clean up %d keys: %w", len(batch), err)
		}
	}
	return shared, nil
}

// remove removes all that has come since the start: keys, the names of queues, and the
// entries of processes that could not remove their own.
func (f *footprint) remove(ctx context.Context) error {
	shared, err := f.removeKeys(ctx)
	errs := []error{err}
	if len(shared) > 0 {
		errs = append(errs, fmt.Errorf("%w: others have added tasks to %s meanwhile: these queues were left as they are; the bench's own tasks have IDs that begin with %s",
			ErrInUse, strings.Join(shared, ", "), taskID))
	}
	for _, queue := range f.queues {
		if !slices.Contains(f.named, queue) && !slices.Contains(shared, queue) {
			errs = append(errs, f.redis.SRem(ctx, allQueues, queue).Err())
		}
	}
	if !f.mirrored {
		errs = append(errs, f.redis.ZRem(ctx, allSchedulers, mirror).Err(), f.redis.Del(ctx, mirror).Err())
	}
	for _, set := range []string{"asynq:servers", "asynq:workers"} {
		errs = append(errs, f.removeEntries(ctx, set))
	}
	return errors.Join(errs...)
}

// removeEntries removes the entries of the bench's own processes from set, whose members
// are keys such as asynq:servers:{host:pid:id}.
func (f *footprint) removeEntries(ctx context.Context, set string) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("clean up the entries of killed workers: %w", err)
	}
	members, err := f.redis.ZRange(ctx, set, 0, -1).Result()
	if err != nil {
		return fmt.Errorf("clean up %s: %w", set, err)
	}
	for _, member := range members {
		for _, pid := range f.pids {
			if strings.HasPrefix(member, fmt.Sprintf("%s:{%s:%d:", set, host, pid)) {
				if err := errors.Join(f.redis.Del(ctx, member).Err(), f.redis.ZRem(ctx, set, member).Err()); err != nil {
					return fmt.Errorf("clean up %s: %w", member, err)
				}
			}
		}
	}
	return nil
}
