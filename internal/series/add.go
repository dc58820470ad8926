package series

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed add.lua
var addLua string

var addScript = redis.NewScript(addLua)

// add adds what a process has counted of a queue, in the order of its numbers. Done again, it adds
// nothing twice.
func (s *Store) add(ctx context.Context, process, queue string, now time.Time, batches []batch) error {
	args := make([]any, 0, 1+3*len(batches))
	args = append(args, process)
	for _, b := range batches {
		over := max(0, now.Sub(b.since))
		args = append(args, b.number, strconv.FormatInt(int64(over.Seconds()), 10), b.counts.text())
	}
	if err := addScript.Run(ctx, s.client, []string{s.base(queue)}, args...).Err(); err != nil {
		return fmt.Errorf("add to the figures of queue %s: %w", queue, err)
	}
	return nil
}
