package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed delete.lua
var deleteLua string

var deleteScript = redis.NewScript(format.IndexLua + givenLua + byHandLua + deleteLua)

// Delete removes tasks and all that is kept of them, also what is no task's. One that runs is
// not deleted: cancel it first. Of one that has not ended it is told that it was cancelled.
func (c *Client) Delete(ctx context.Context, names []tasks.Name) []tasks.Handled {
	return c.byHand(ctx, names, deed{
		script: deleteScript,
		say:    sayDeleted,
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

// sayDeleted has it kept what there is to tell of a task that is deleted before its end.
func sayDeleted(s tasks.Status, call *handCall) []byte {
	envelope := s.Headers[format.ReplyHeader]
	if envelope == "" || !json.Valid([]byte(envelope)) {
		return nil
	}
	at := time.Now().UTC()
	text, err := json.Marshal(tasks.Reply{
		ID: s.ID, Kind: s.Kind, Envelope: json.RawMessage(envelope), State: tasks.StateCancelled, Reason: tasks.ReasonCancelled, At: at, Retried: s.Retried,
	})
	if err != nil { // what is JSON always has a text
		return nil
	}
	call.Replies, call.Field = format.RepliesKey(s.Queue), format.ReplyField(s.ID, s.Retried+s.Losses, at)
	return text
}
