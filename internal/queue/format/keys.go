// Package format is asynq's format in Redis, as it stands in asynq's internal/base,
// internal/proto and internal/rdb: the names of its keys, the message of a task, the
// records of its Servers page. asynqmon, asynq's command line and foreign asynq programs
// read and write the same. What Switchyard keeps beside it is named here too.
package format

import (
	"strconv"
	"time"
)

// Queues is asynq's set of all queues.
const Queues = "asynq:queues"

// CancelChannel is where asynq asks whoever performs a task to stop: the message is its ID.
const CancelChannel = "asynq:cancel"

// Key returns asynq's key of a part of a queue, such as "pending".
func Key(queue, part string) string { return "asynq:{" + queue + "}:" + part }

// TaskKey returns asynq's key of the hash of a task; that of an empty ID is the prefix of all.
func TaskKey(queue, id string) string { return Key(queue, "t:"+id) }

// OwnKey returns our key of a part of a queue, in the slot of asynq's keys of the queue.
func OwnKey(queue, part string) string { return "switchyard:{" + queue + "}:" + part }

// WakeKey returns the list of a queue's wake tokens.
func WakeKey(queue string) string { return OwnKey(queue, "wake") }

// WaitersKey returns the set of the tasks of a queue whose end somebody waits for.
func WaitersKey(queue string) string { return OwnKey(queue, "waiters") }

// EndedChannel is where the ends of those tasks are published, as queue/ID. Nothing depends on a
// message: who waits looks by itself, too.
const EndedChannel = "switchyard:ended"

// MaxTokens caps a wake list. Tokens nobody waits for are left over when tasks come in faster
// than idle workers do; each costs whoever takes it one look at the queue.
const MaxTokens = 64

// DeadFor and DeadMost are the bounds of asynq's dead letter: how long it keeps a task, and how
// many it keeps.
const (
	DeadFor  = 90 * 24 * time.Hour
	DeadMost = 10_000
)

// TurnsKey returns the set of the tasks of a user that have a turn in a queue, once the user's
// key is added to it.
func TurnsKey(queue string) string { return OwnKey(queue, "turns:") }

// LedgerKey returns the ledger of a queue's ticks, the latest tick of each entry; AgesKey says
// when each was written.
func LedgerKey(queue string) string { return OwnKey(queue, "ticks") }

// AgesKey returns the sorted set beside [LedgerKey].
func AgesKey(queue string) string { return OwnKey(queue, "ticks:ages") }

// BatchKey returns the hash of what became of the members of a batch that are tasks of a queue, by
// their places in the batch, and of how many there are, [BatchMembers].
func BatchKey(queue, batch string) string { return OwnKey(queue, "batch:"+batch) }

// BatchMembers is the field of [BatchKey] that says how many members are in the queue.
const BatchMembers = "members"

// RepliesKey returns the hash of what is still to be told of tasks of a queue that were sent with
// [ReplyHeader].
func RepliesKey(queue string) string { return OwnKey(queue, "replies") }

// ReplyField returns the field of what there is to tell of an attempt at a task in [RepliesKey].
func ReplyField(id string, attempt int, at time.Time) string {
	return id + " " + strconv.Itoa(attempt) + " " + strconv.FormatInt(at.UnixMicro(), 36)
}

// RequestKey returns the hash of the tasks of a queue with which a request has done what it asks for.
func RequestKey(queue, request string) string { return OwnKey(queue, "request:"+request) }

// RequestFor is how long that is known. Whoever makes a request again does so within this time.
const RequestFor = 24 * time.Hour

// OnceFor is how long it is known that a task was added which is to be added once, whatever becomes of
// it. Who adds it again was killed, or is another who takes over within seconds.
const OnceFor = time.Hour

// Fields of a task's hash that asynq does not know.
const (
	ProgressField = "progress"    // how far it is, JSON
	ToldField     = "progress_at" // which attempt told the progress, and when, Unix time in µs
	RunField      = "run"         // the name of the run, the same for all attempts
	ErrorField    = "error"       // why the last attempt did not succeed, JSON
	ParkedField   = "parked"      // 1: it is set aside until somebody runs it
	TurnField     = "keeps_turn"  // 1: it keeps its user's turn while it is set aside
	LossesField   = "losses"      // how many workers it was lost with
	DueField      = "due_ms"      // when exactly it is due, Unix time in ms: asynq keeps seconds
	UserField     = "user"        // whose turn it takes, as it stands in keys
	CancelField   = "cancel"      // who has cancelled it, JSON; whoever holds it ends it
	EndingField   = "ending"      // how an archived task came to its end: cancelled or expired; else it failed
	AttemptsField = "attempts"    // what is kept of attempts that have ended, a line each
	AttemptField  = "attempt"     // what is known of the attempt that runs, JSON, once it has run for seconds
	AwaitsField   = "awaits"      // since when it has waited for a worker that knows it, Unix time in s
)

// Headers a task carries beside its payload. Tasks of foreign clients have none.
const (
	VersionHeader = "switchyard-version"
	WakesHeader   = "switchyard-wakes"      // the task to run once this one has ended, queue/id
	NotifyHeader  = "switchyard-notify"     // who is told of its end, JSON
	ExpiresHeader = "switchyard-expires"    // by when it must have begun, Unix time in s; 0.1.0 takes no decimals
	ExactHeader   = "switchyard-expires-ms" // the same in ms, if that is no whole second; it counts as long as it is within that second
	TagsHeader    = "switchyard-tags"       // what it is found by, with commas between them
	ReplyHeader   = "switchyard-reply"      // what is needed to tell others of its states, JSON
	LimitsHeader  = "switchyard-limits"     // its own soft and hard limit, in ms with a comma between them; 0: the policy's
	BatchHeader   = "switchyard-batch"      // the batch that it is a member of, and its place there, batch/place
	SenderHeader  = "switchyard-sender"     // the task in whose attempt it was sent, queue/id
	MetaHeader    = "switchyard-meta"       // what its producer has noted with it, a JSON object of strings
)
