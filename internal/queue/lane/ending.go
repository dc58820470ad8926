package lane

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/redact"
	"switchyard/internal/tasks"
)

// way is what becomes of a task in Redis when an attempt at it ends, see end.lua.
type way string

const (
	done    way = "done"    // it is deleted
	kept    way = "kept"    // it is kept for its retention, with its result
	retry   way = "retry"   // it waits for its next attempt, or is set aside
	later   way = "later"   // it is scheduled
	archive way = "archive" // it goes to the dead letter
	back    way = "back"    // it goes to the front of its queue
)

const (
	// parkedFor keeps a parked task in the retry set until somebody runs it by hand.
	parkedFor = 10 * 365 * 24 * time.Hour
	// mostRetention bounds how long a task is kept, in seconds: what ends beyond the numbers that
	// asynq reads hides all others.
	mostRetention = 100 * 365 * 24 * 3600
	// awaitEvery is how long a task that no worker here knows is left to others before this
	// one looks at it again.
	awaitEvery = 15 * time.Second
	// awaitFor is how long it is: a rolling deployment takes minutes.
	awaitFor = 15 * time.Minute
)

// awaitingError sets a task aside for a worker that knows it: its kind, or its version.
type awaitingError struct{ error }

// ending is how an attempt ends, and what becomes of its task. Every attempt ends by one,
// whoever caused it.
type ending struct {
	attempt *attempt
	outcome tasks.Outcome
	err     error // nil if it succeeded
	took    time.Duration

	way       way
	retention int64 // of a task that is kept, in seconds
	at        time.Time
	failed    bool // a retry is spent
	unlock    bool // a unique task gives up its lock from the dead letter, too
	fields    map[string]string
	result    []byte // that of one that has succeeded
	awaiting  bool   // the retry is left to workers that know the task
	quiet     bool   // it has been said before
	reported  bool
	reply     *tasks.Reply // what is told of it, see replies

	tries int  // how often it was not written
	alone bool // it is written by itself
}

// decide says how an attempt ends that has brought a result or an error. It is the one place
// that does.
func (a *attempt) decide(result []byte, err error) *ending {
	postponed, isPostponed := tasks.PostponedDelay(err)
	e := &ending{attempt: a, err: discreet(err), took: time.Since(a.began), fields: map[string]string{}}
	var awaiting *awaitingError
	switch {
	case err == nil:
		e.succeed(result)
	case errors.Is(err, ErrHandedBack):
		e.outcome, e.way = tasks.OutcomeHandedBack, back
	case errors.Is(err, ErrFenced), errors.Is(err, ErrLeaseLost):
		e.outcome, e.way = tasks.OutcomeCutOff, back
	case errors.Is(err, tasks.ErrCancelled):
		e.bury(tasks.OutcomeCancelled)
	case tasks.IsParked(err):
		e.park(err)
	case isPostponed:
		e.outcome, e.way, e.at = tasks.OutcomePostponed, later, time.Now().Add(max(0, postponed))
		e.tell(false)
	case errors.As(err, &awaiting):
		e.await()
	case errors.Is(err, tasks.ErrExpired):
		e.bury(tasks.OutcomeExpired)
	case tasks.IsPermanent(err):
		e.bury(tasks.OutcomeDead)
	case a.task.Last:
		e.err = fmt.Errorf("attempt %d, the last: %w", a.task.Attempt, e.err)
		e.bury(tasks.OutcomeDead)
	default:
		e.retry(err)
	}
	return e
}

// unbegun ends an attempt that has not begun, as the worker stops.
func (a *attempt) unbegun() *ending {
	return &ending{attempt: a, outcome: tasks.OutcomeHandedBack, way: back, quiet: true}
}

func (e *ending) succeed(result []byte) {
	e.outcome, e.way, e.result = tasks.OutcomeSucceeded, done, result
	e.retention = min(e.attempt.message.Retention, mostRetention)
	if e.retention <= 0 {
		return
	}
	e.way = kept
	m := *e.attempt.message
	m.CompletedAt = time.Now().Unix()
	if m.Error != e.attempt.lastFailure() {
		m.Error, m.LastFailedAt = "", 0
		e.fields[format.ErrorField] = ""
	}
	e.fields["msg"] = string(m.Encode())
	if len(result) > 0 {
		e.fields["result"] = string(result)
	}
}

// lastFailure returns why the last attempt failed, "" if none has: a message also says why its task had
// to wait.
func (a *attempt) lastFailure() string {
	if a.task.Attempt == 1 {
		return ""
	}
	return a.message.Error
}

// bury ends a task for good.
func (e *ending) bury(outcome tasks.Outcome) {
	e.outcome, e.way = outcome, archive
	if outcome != tasks.OutcomeDead {
		e.fields[format.EndingField] = string(outcome)
		e.unlock = true // whoever sent it may send it again
	}
	e.tell(false)
}

func (e *ending) park(err error) {
	e.outcome, e.way = tasks.OutcomeParked, retry
	e.fields[format.ParkedField] = "1"
	if tasks.IsAwaited(err) {
		e.fields[format.TurnField] = "1"
	}
	delay, given := tasks.ParkedDelay(err)
	if !given {
		delay = parkedFor
	}
	e.at = time.Now().Add(delay)
	e.tell(false)
}

// await leaves a task to workers that know it, and gives up on them after a while.
func (e *ending) await() {
	a, now := e.attempt, time.Now()
	since := time.Unix(a.awaits, 0)
	if a.awaits == 0 {
		since = now
		e.fields[format.AwaitsField] = strconv.FormatInt(now.Unix(), 10)
	}
	if waited := now.Sub(since); waited >= awaitFor {
		e.err = fmt.Errorf("%w: no worker that knows it has come for %s", e.err, waited.Round(time.Second))
		e.bury(tasks.OutcomeDead)
		return
	}
	e.outcome, e.way, e.at, e.awaiting, e.quiet = tasks.OutcomeParked, retry, now.Add(awaitEvery), true, a.awaits != 0
	e.tell(false)
}

func (e *ending) retry(err error) {
	e.outcome, e.way, e.failed = tasks.OutcomeRetried, retry, true
	delay, given := tasks.RetryDelay(err)
	if !given {
		delay = e.attempt.policy.Delay(e.attempt.message.Retried + 1)
	}
	e.at = time.Now().Add(max(0, delay))
	e.tell(true)
}

// tell writes with the task why its attempt ended: for asynqmon into its message, for
// producers beside it.
func (e *ending) tell(spent bool) {
	m, now := *e.attempt.message, time.Now()
	m.Error, m.LastFailedAt = e.err.Error(), now.Unix()
	if spent {
		m.Retried++
	}
	e.fields["msg"] = string(m.Encode())
	text, err := json.Marshal(format.Failure{Attempt: e.attempt.task.Attempt, Outcome: e.outcome, Message: m.Error, At: now.UTC(), Stack: stackOf(e.err)})
	if err == nil {
		e.fields[format.ErrorField] = string(text)
	}
}

// ask says the ending to end.lua. What is no JSON goes behind texts.
func (e *ending) ask(texts []any) (endAsk, []any) {
	a := e.attempt
	ask := endAsk{
		ID: a.id, Mark: a.mark, Way: e.way, User: a.turn, Lock: a.message.UniqueKey, Unlock: e.unlock,
		Retention: e.retention, Failed: e.failed, Known: a.awaits != 0 && !e.awaiting,
	}
	if e.way == retry || e.way == later {
		ask.After = max(0, time.Until(e.at).Seconds())
	}
	if len(e.fields) > 0 {
		ask.Texts = make(map[string]int, len(e.fields))
	}
	for name, value := range e.fields {
		texts = append(texts, value)
		ask.Texts[name] = len(texts) + 1 // behind the JSON
	}
	ask.Tells, texts = e.tells(texts)
	ask.Member, texts = e.keepsMember(texts)
	ask.Reply, texts = e.keepsReply(texts)
	if note := e.note(); note != "" {
		texts = append(texts, note)
		ask.Note, ask.Noted = len(texts)+1, a.isKept()
	}
	return ask, texts
}

// isPlain reports whether nothing is to be done but to delete the task.
func (e *ending) isPlain() bool {
	m := e.attempt.message
	return e.way == done && e.attempt.turn == "" && m.UniqueKey == "" && m.Headers[format.NotifyHeader] == "" && m.Headers[format.BatchHeader] == "" && m.Headers[format.ReplyHeader] == ""
}

// isFinal reports whether the task has come to its end.
func (e *ending) isFinal() bool { return e.way == done || e.way == kept || e.way == archive }

// discreetError is an error that does not say the secrets in it: its text goes to Redis.
type discreetError struct{ error }

func (e discreetError) Error() string { return redact.Process.Said(e.error.Error()) }
func (e discreetError) Unwrap() error { return e.error }

func discreet(err error) error {
	if err == nil {
		return nil
	}
	return discreetError{err}
}
