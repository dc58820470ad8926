package redbeat

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"switchyard/internal/schedule"
)

// follows are the options that have Celery send other tasks after this one.
var follows = map[string]bool{"link": true, "link_error": true, "chain": true, "chord": true}

// remedies say what stands in for an option that is dropped.
var remedies = map[string]string{
	"priority":        "each queue has a concurrency of its own",
	"countdown":       "its task runs at once, so shift the schedule if that matters",
	"eta":             "its task runs at once",
	"routing_key":     "queues have names",
	"exchange":        "queues have names",
	"time_limit":      "the policy of its kind has the limits",
	"soft_time_limit": "the policy of its kind has the limits",
	"retry":           "sending is retried always",
	"retry_policy":    "sending is retried always",
	"ignore_result":   "the policy of its kind says how long results are kept",
	"task_id":         "each tick has an ID of its own",
}

// applyOptions gives an entry what its options, those of apply_async, say. changed is told
// of those that are dropped.
func (m *Mover) applyOptions(e *schedule.Entry, definition object, changed func(string, ...any)) error {
	options, err := definition.members("options")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range options.names() {
		value := options[name]
		switch {
		case value == nil:
		case name == "serializer" && value == "json": // all there is
		case name == "queue":
			queue, err := options.text(name)
			if err == nil && m.o.Queue(queue) {
				e.Queue = queue
			} else {
				changed("option queue %s is dropped, there is none: the queue of its kind takes its task", show(value))
			}
		case name == "expires":
			errs = append(errs, expire(e, value, changed))
		case follows[name]:
			errs = append(errs, fmt.Errorf("option %s sends another task afterwards: have the handler send it", name))
		case remedies[name] != "":
			changed("option %s %s is dropped: %s", name, show(value), remedies[name])
		default:
			changed("option %s %s is dropped: it has no counterpart", Quote(name), show(value))
		}
	}
	return errors.Join(errs...)
}

// expire gives an entry the time after which its task is not worth running: so many seconds
// after its tick, or a moment, with which the entry ends.
func expire(e *schedule.Entry, value any, changed func(string, ...any)) error {
	if o, ok := value.(map[string]any); ok {
		at, err := readTime(o)
		if err != nil {
			return fmt.Errorf("option expires: %w", err)
		}
		e.End = at.UTC().Truncate(time.Second)
		changed("option expires is a moment: it becomes the end of the entry, %s, and a task sent before does not expire", e.End.Format(time.RFC3339))
		return nil
	}
	number, _ := value.(json.Number)
	seconds, err := number.Float64()
	if err != nil || seconds < 1 || seconds > schedule.MaxExpires.Seconds() {
		return fmt.Errorf("option expires is %s: it has to be a number of seconds, from 1 to %d, or a datetime", show(value), int(schedule.MaxExpires.Seconds()))
	}
	whole := math.Ceil(seconds)
	if whole != seconds {
		changed("option expires %s becomes %d, for seconds are whole", show(value), int(whole))
	}
	e.Expires = time.Duration(whole) * time.Second
	return nil
}
