package lane

import (
	"context"
	"encoding/json"
	"strings"

	"go.uber.org/zap"

	"switchyard/internal/batches"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// maxOutcome bounds the result and the error of a member that are kept with its batch, in bytes.
const maxOutcome = 64 << 10

// memberAsk has end.lua keep what became of a member of a batch.
type memberAsk struct {
	Batch   string `json:"batch"`
	Place   string `json:"place"`
	Outcome int    `json:"outcome"` // the place of its text
}

// member returns the batch of which the task is a member, and its place there; "" if it is none.
func (e *ending) member() (batch, place string) {
	a := e.attempt
	header := a.message.Headers[format.BatchHeader]
	if header == "" || a.broken != nil || !e.isFinal() {
		return "", ""
	}
	batch, place, _ = strings.Cut(header, "/")
	if batches.CheckID(batch) != nil || !isPlace(place) {
		return "", "" // somebody else has written it
	}
	return batch, place
}

// isPlace reports whether a text can be the place of a member.
func isPlace(text string) bool {
	return text != "" && len(text) <= 6 && strings.Trim(text, "0123456789") == ""
}

// memberOutcome returns what becomes of a member.
func (e *ending) memberOutcome() batches.Outcome {
	a := e.attempt
	o := batches.Outcome{ID: a.id, Queue: a.source.queue, State: e.end(), Result: json.RawMessage(e.result)}
	if len(o.Result) > maxOutcome {
		o.Result, o.LeftOut = nil, true
	}
	if e.err != nil && o.State != tasks.StateSucceeded {
		o.Error = e.err.Error()
		o.Error = strings.ToValidUTF8(o.Error[:min(len(o.Error), maxOutcome)], "")
	}
	return o
}

// keepsMember has end.lua keep what becomes of the task, if it is a member of a batch.
func (e *ending) keepsMember(texts []any) (*memberAsk, []any) {
	batch, place := e.member()
	if batch == "" {
		return nil, texts
	}
	text, err := json.Marshal(e.memberOutcome())
	if err != nil { // the result was encoded as JSON before, and the rest always has a text
		return nil, texts
	}
	texts = append(texts, text)
	return &memberAsk{Batch: batch, Place: place, Outcome: len(texts) + 1}, texts // behind the JSON
}

// closeBatch looks at the batch of a member that has ended.
func (l *lane) closeBatch(batch string) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if err := l.Ended(ctx, batch); err != nil {
		l.Log.Warn("batch not looked at: the next look is soon", zap.String("batch", batch), zap.Error(err))
	}
}
