package agents

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// errNoSteps is the error of a program that tells steps without leave.
var errNoSteps = tasks.Permanent(errors.New("the program tells a step, and its definition does not say so: set steps of the agent, and have the program wait for the answer to each"))

// reply is the answer to a line about a step, a JSON object:
//
//	{"type":"begin","step":"send mail","go":true}
//	{"type":"begin","step":"send mail","go":false,"result":{"any":"JSON"}}
//	{"type":"step","step":"send mail"}
//
// The second says that the step is finished already, and is not to be done again; rejected
// says that it is by a person's decision. The third says that it is stored.
type reply struct {
	Type     string          `json:"type"`
	Step     string          `json:"step"`
	Go       *bool           `json:"go,omitempty"`
	Rejected bool            `json:"rejected,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
}

// errAfterResult is the error of a program that goes on behind its result.
var errAfterResult = tasks.Permanent(errors.New("the program begins a step behind its result, when its input has ended: write the result last"))

// steps journals what a program tells of its steps, and answers. A nil one refuses.
type steps struct {
	ctx     context.Context
	journal *journal.Journal
	answers *writer
	over    bool // the program has a result
}

// end ends the program's input: it has told its result, and reads no more answers.
func (s *steps) end() {
	if s != nil {
		s.over = true
		s.answers.end()
	}
}

// take takes a line about a step.
func (s *steps) take(one line) error {
	if s == nil {
		return errNoSteps
	}
	if s.over && one.Type == "begin" {
		return errAfterResult
	}
	answer := reply{Type: one.Type, Step: one.Step}
	var err error
	switch one.Type {
	case "begin":
		var step journal.Step
		var begins bool
		step, begins, err = s.journal.Begin(s.ctx, one.Step, one.Effect)
		answer.Go, answer.Result, answer.Rejected = &begins, step.Result, step.State == journal.Rejected
	case "step":
		err = s.journal.Done(s.ctx, one.Step, one.Result)
	case "undone":
		err = s.journal.Undone(s.ctx, one.Step, one.Message)
	}
	if err != nil {
		return err
	}
	return s.answers.write(answer)
}

// replayed is a finished step as a program reads it in its input.
type replayed struct {
	Step     string          `json:"step"`
	Rejected bool            `json:"rejected,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
}

func replay(finished []journal.Step) []replayed {
	var all []replayed
	for _, s := range finished {
		all = append(all, replayed{Step: s.Name, Rejected: s.State == journal.Rejected, Result: s.Result})
	}
	return all
}

// writer writes lines of JSON one after the other, without those who write them waiting for
// the reader.
type writer struct {
	mu    sync.Mutex
	lines bytes.Buffer
	over  bool // nothing comes after lines
	more  chan struct{}
}

// newWriter returns a writer that begins with a first line.
func newWriter(first []byte) *writer {
	w := &writer{more: make(chan struct{}, 1)}
	w.lines.Write(append(first, '\n'))
	w.more <- struct{}{}
	return w
}

// write adds a line.
func (w *writer) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.lines.Write(append(text, '\n'))
	w.mu.Unlock()
	w.wake()
	return nil
}

// end says that no line follows.
func (w *writer) end() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.wake()
}

func (w *writer) wake() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// copyTo writes to out until there is no more, exited is closed or nobody reads any more, and
// closes it.
func (w *writer) copyTo(out io.WriteCloser, exited <-chan struct{}) {
	defer func() { _ = out.Close() }()
	for {
		select {
		case <-exited:
			return
		case <-w.more:
		}
		w.mu.Lock()
		text, over := bytes.Clone(w.lines.Bytes()), w.over
		w.lines.Reset()
		w.mu.Unlock()
		if _, err := out.Write(text); err != nil || over {
			return
		}
	}
}
