package queue

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed delete.lua
var deleteLua string

var deleteScript = redis.NewScript(format.IndexLua + givenLua + byHandLua + deleteLua)

// Delete removes tasks and all that is kept of them, also what is no task's. One that runs is
// not deleted: cancel it first.
func (c *Client) Delete(ctx context.Context, names []tasks.Name) []tasks.Handled {
	return c.byHand(ctx, names, deed{
		script: deleteScript,
		say:    func(tasks.Status, *handCall) []byte { return nil },
		read: func(did string, h *tasks.Handled) {
			switch {
			case did == "deleted":
				h.Now = ""
			case h.Was == tasks.StateRunning:
				h.Err = fmt.Errorf("task %s is running: cancel it first", h.Name)
			default:
				h.Err = noTask(h.Name)
			}
		},
	})
}
