package oracle

import (
	"regexp"

	"switchyard/internal/queue/format"
)

// difference is a place where ours may differ from asynq's, and why. A difference that no
// transition shows any more fails the test.
type difference struct {
	transition, path string // regular expressions for the whole of each
	reason           string

	shown bool
}

func (d *difference) covers(transition, path string) bool {
	return regexp.MustCompile("^(?:"+d.transition+")$").MatchString(transition) &&
		regexp.MustCompile("^(?:"+d.path+")$").MatchString(path)
}

// hash is the path of a field of a task.
func hash(field string) string { return `asynq:\{agents\}:t:\S+ \.` + field }

// said is the path of a part of a task's message.
func said(part string) string { return `asynq:\{agents\}:t:\S+ msg\.` + part }

// documented are the differences there may be.
func documented() []*difference {
	return []*difference{
		{transition: ".*", path: hash(format.RunField), reason: "the name of the run"},
		{transition: ".*", path: hash(format.IndexField), reason: "by what it is found"},
		{transition: ".*", path: hash(format.AttemptsField + "?"), reason: "what became of each attempt, and what is known of one that runs for long"},
		{transition: "(retry|park|die|become due for its retry).*", path: hash(format.ErrorField), reason: "why the last attempt failed, for who reads no protobuf"},
		{transition: "(add|become|wait|retry|park).*", path: hash(format.DueField), reason: "asynq keeps seconds"},
		{transition: "park.*", path: hash(format.ParkedField), reason: "it waits for somebody"},
		{transition: "be lost.*", path: hash(format.LossesField), reason: "how often it was lost"},
		{transition: ".*", path: said("header." + format.VersionHeader), reason: "the version of the payload"},
		{transition: "add what wakes another", path: said("header." + format.WakesHeader), reason: "the task to run once this one has ended"},
		{transition: ".*", path: `(?s)switchyard:\{agents\}:.*`, reason: "keys of ours"},
		{transition: "be handed back.*", path: hash("pending_since"), reason: "since when it waits; asynq forgets it, and shows no latency of the queue then"},
		{transition: "die by the last retry", path: said("error"), reason: "says that it was the last attempt"},
		{transition: "be lost.*", path: `asynq:\{agents\}:(retry|failed|processed|failed:<day>|processed:<day>|pending)( .*)?`, reason: "a lost task goes to the front at once, and spends no retry"},
		{transition: "be lost.*", path: hash("(state|pending_since)"), reason: "likewise"},
		{transition: "be lost.*", path: said("(retried|error)"), reason: "likewise; the error is ours"},
	}
}
