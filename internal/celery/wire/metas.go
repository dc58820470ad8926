package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Failed is an exception that ended a task or had it tried again.
type Failed struct {
	Exception
	// Messages are the exception's arguments.
	Messages []string
	// Traceback is the text that a client shows, "" for none.
	Traceback string
}

// Result returns the exception as Celery writes it into results.
func (f Failed) Result() json.RawMessage {
	messages := make([]json.RawMessage, len(f.Messages))
	for i, text := range f.Messages {
		messages[i] = quote(text)
	}
	to := append([]byte(`{"exc_type": `), quote(f.Type)...)
	to = appendList(append(to, `, "exc_message": `...), messages)
	return append(append(append(to, `, "exc_module": `...), quoteOrNull(f.Module)...), '}')
}

// Revocation is the exception of a task that was revoked: for the reason "expired",
// "terminated" or "revoked".
func Revocation(reason string) Failed {
	return Failed{Exception: TaskRevokedError, Messages: []string{reason}}
}

// MetaStarted says that a task runs, and where.
func MetaStarted(id string, pid int, host string) Meta {
	to := strconv.AppendInt([]byte(`{"pid": `), int64(pid), 10)
	to = append(append(append(to, `, "hostname": `...), quote(host)...), '}')
	return Meta{ID: id, Status: Started, Result: to}
}

// MetaCustom says that a task is in a state of its own, as PROGRESS. result is JSON.
func MetaCustom(id, status string, result json.RawMessage) Meta {
	return Meta{ID: id, Status: status, Result: result}
}

// MetaRetry says that a task will be tried again, after f.
func MetaRetry(id string, f Failed) Meta {
	return Meta{ID: id, Status: Retry, Result: f.Result(), Traceback: f.Traceback}
}

// MetaSuccess says that a task has ended well at the time done. result is JSON.
func MetaSuccess(id string, result json.RawMessage, done time.Time) Meta {
	return Meta{ID: id, Status: Success, Result: result, Done: done}
}

// MetaFailure says that a task has failed for good at the time done.
func MetaFailure(id string, f Failed, done time.Time) Meta {
	return Meta{ID: id, Status: Failure, Result: f.Result(), Traceback: f.Traceback, Done: done}
}

// MetaRevoked says that a task does not run, or not on: for a reason as of [Revocation].
func MetaRevoked(id, reason string, done time.Time) Meta {
	return Meta{ID: id, Status: Revoked, Result: Revocation(reason).Result(), Done: done}
}

// MetaKey is the key of a task's meta, and the channel on which it is published. prefix is
// the application's result_key_prefix or global_keyprefix, mostly "".
func MetaKey(prefix, id string) string { return prefix + "celery-task-meta-" + id }

// GroupKeys are the keys of one group's results.
type GroupKeys struct {
	// Saved has the group's results by their ids, Parts those of its members that have
	// ended, Size how many there will be, and Extra what is added to that.
	Saved, Parts, Size, Extra string
}

// KeysOfGroup returns the keys of the group id.
func KeysOfGroup(prefix, id string) GroupKeys {
	key := prefix + "celery-taskset-meta-" + id
	return GroupKeys{Saved: key, Parts: key + ".j", Size: key + ".s", Extra: key + ".t"}
}

// reprException writes the exception of a result as Python's repr of it.
func reprException(result json.RawMessage) string {
	object, _ := Members(result)
	f := fields{object: object}
	name, messages := f.text("exc_type"), f.list("exc_message")
	if name == "" {
		name = "Exception"
	}
	texts := make([]string, len(messages))
	for i, message := range messages {
		texts[i] = reprValue(message)
	}
	return name + "(" + strings.Join(texts, ", ") + ")"
}
