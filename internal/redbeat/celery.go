package redbeat

import (
	"encoding/json"
	"errors"
	"fmt"

	"switchyard/internal/schedule"
)

// Lack is what the configuration has to say of a task so that Celery's workers perform it.
type Lack struct {
	Kind string   // its kind, "" if it has none yet
	Args []string // the names of its positional arguments that are known
	// Positional is how many positional arguments there are, and Priority the entry's option, 0 if it
	// has none.
	Positional, Priority int
}

// lacksOf returns what is not said of an entry's task, nil if nothing.
func lacksOf(d definition, t Task) *Lack {
	args, err := d.list("args")
	known := t.Kind != "" && (!t.Celery || len(args) <= len(t.Args))
	if err != nil || known {
		return nil
	}
	l := &Lack{Kind: t.Kind, Args: t.Args, Positional: len(args)}
	if options, err := d.members("options"); err == nil {
		l.Priority, _ = whole(options["priority"])
		if l.Priority < 0 || l.Priority > 9 {
			l.Priority = 0
		}
	}
	return l
}

// nothing are options that change nothing of what is performed, and why not.
var nothing = map[string]string{
	"retry":         "sending is retried always",
	"retry_policy":  "sending is retried always",
	"task_id":       "each tick has an ID of its own",
	"compression":   "messages are not compressed",
	"shadow":        "logs show the name of the task",
	"ignore_result": "the task itself says whether its result is kept",
	"delivery_mode": "Redis has one",
}

// untold are options that no message of the scheduler carries, and what stands in for them.
var untold = map[string]string{
	"countdown":       "shift the schedule instead",
	"eta":             "shift the schedule instead",
	"time_limit":      "set it where the task is defined",
	"soft_time_limit": "set it where the task is defined",
	"exchange":        "name the queue",
	"serializer":      "messages are JSON",
	"headers":         "give the task an argument instead",
	"link":            "have the task send the other one",
	"link_error":      "have the task send the other one",
	"chain":           "have the task send the other one",
	"chord":           "have the task send the other one",
}

// applyOptions gives an entry what its options say, where Celery's workers perform its task. What would
// change the task's work is honoured, or the entry cannot move.
func (t Task) applyOptions(e *schedule.Entry, definition object, changed func(string, ...any)) error {
	options, err := definition.members("options")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range options.names() {
		errs = append(errs, t.applyOption(e, name, options[name], changed))
	}
	if e.Queue == t.Queue { // and follows it
		e.Queue = ""
	}
	return errors.Join(errs...)
}

func (t Task) applyOption(e *schedule.Entry, name string, value any, changed func(string, ...any)) error {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch {
	case value == nil, name == "serializer" && value == "json", name == "exchange" && value == "":
	case name == "expires":
		return expire(e, value, changed)
	case (name == "queue" || name == "routing_key") && isText && (e.Queue == "" || e.Queue == text):
		e.Queue = text
	case name == "routing_key":
		return fmt.Errorf("option routing_key is %s and queue %s: leave routing_key out", show(value), show(e.Queue))
	case name == "priority" && isNumber && number.String() != fmt.Sprint(t.Priority):
		changed("option priority %s becomes %d, as all messages of its kind have: see to celery.kinds.%s.priority", show(value), t.Priority, t.Kind)
	case name == "priority" && isNumber:
	case nothing[name] != "":
		changed("option %s %s is dropped: %s", name, show(value), nothing[name])
	case untold[name] != "":
		return fmt.Errorf("option %s %s is not sent: %s", name, show(value), untold[name])
	default:
		return fmt.Errorf("option %s %s is not sent: remove it", Quote(name), show(value))
	}
	return nil
}
