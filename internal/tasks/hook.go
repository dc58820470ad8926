package tasks

import (
	"slices"
	"time"
)

// Hook is an address that is told of the end of a task.
type Hook struct {
	URL string `json:"url"`
	// On are the ends that it is told of; none: all.
	On []State `json:"on,omitempty"`
}

// MaxHooks bounds the hooks of a task.
const MaxHooks = 5

// Wants reports whether h is told of an end.
func (h Hook) Wants(end State) bool { return len(h.On) == 0 || slices.Contains(h.On, end) }

// WebhookDeliver is the kind of the tasks that tell a hook of an end. Lanes add them.
const WebhookDeliver = "webhook_deliver"

// Notice are the args of the kind [WebhookDeliver].
type Notice struct {
	// ID names the event, the same in each try, also if the task is replayed.
	ID  string    `json:"id"`
	URL string    `json:"url"`
	At  time.Time `json:"at"`
	// Task is the task that has ended.
	Task Status `json:"task"`
	// LeftOut says that the payload and the result of the task are too large to be told.
	LeftOut bool `json:"left_out,omitempty"`
}

// Kind implements [Args].
func (Notice) Kind() string { return WebhookDeliver }

// Validate implements [Validator].
func (n Notice) Validate() error {
	switch {
	case n.ID == "" || len(n.ID) > 2*maxID:
		return Field("id", "field \"id\" has %d bytes: give 1 to %d", len(n.ID), 2*maxID)
	case n.URL == "":
		return Field("url", `field "url" is empty: give the address that is told`)
	case !n.Task.State.Ended():
		return Field("task.state", "field \"task.state\" is %.40q: give an end", n.Task.State)
	}
	return nil
}
