package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed progress.lua
var progressLua string

var progressScript = redis.NewScript(progressLua)

// telling is when an attempt tells its progress.
type telling struct {
	Attempt int   `json:"attempt"`
	At      int64 `json:"at"` // Unix time in microseconds
}

// KeepProgress keeps how far an attempt at a task is, in JSON, for as long as the task is kept. What
// was told last is kept, whatever the order in which Redis hears of it. It does nothing about a
// task that is gone.
func (c *Client) KeepProgress(ctx context.Context, task *tasks.Task, progress []byte) error {
	call, _ := json.Marshal(telling{task.Attempt, c.told.next()}) // numbers always have a text
	if err := progressScript.Run(ctx, c.redis, []string{format.TaskKey(task.Queue, task.ID)}, call, progress).Err(); err != nil {
		return fmt.Errorf("keep the progress of task %s in %s: %w", task.ID, task.Queue, err)
	}
	tasks.TellProgress(ctx, progress)
	return nil
}

// ticker gives times that only grow.
type ticker struct{ last atomic.Int64 }

// next returns the time, in microseconds, or what is just after the one it returned last.
func (t *ticker) next() int64 {
	for {
		last := t.last.Load()
		now := max(time.Now().UnixMicro(), last+1)
		if t.last.CompareAndSwap(last, now) {
			return now
		}
	}
}
