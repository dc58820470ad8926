package agents

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchyard/internal/redact"
	"switchyard/internal/tasks"
)

// line is one line of a program's output, a JSON object:
//
//	{"type":"progress","message":"reading","done":3,"total":10}
//	{"type":"begin","step":"send mail","effect":true}
//	{"type":"step","step":"send mail","result":{"any":"JSON"}}
//	{"type":"undone","step":"send mail","message":"no such mailbox"}
//	{"type":"result","result":{"any":"JSON"}}
//	{"type":"error","message":"no such account","permanent":true}
//
// A step is done when its line says so; one that announces itself with begin waits for the
// answer, see [reply]. undone says that it certainly was not. The last result counts, and no
// step begins behind one. A program that ends well without one has the result null. An error fails the attempt, and a
// permanent one the task.
type line struct {
	Type string `json:"type"`
	programProgress
	Step      string          `json:"step"`
	Effect    bool            `json:"effect"`
	Result    json.RawMessage `json:"result"`
	Permanent bool            `json:"permanent"`
}

// lines reads a program's output as it comes. It is safe for one writer. What it cannot
// accept ends the program, and is the error of its result.
type lines struct {
	room   int // bytes that may still come
	open   []byte
	value  json.RawMessage
	failed error
	teller *teller
	steps  *steps
	stop   context.CancelCauseFunc
}

var errOutput = errors.New("the program wrote more than its limit: raise output of the agent, or write less")

// Write implements [io.Writer]. It takes everything, also from a program that is on its
// way out: the steps that it still ends are done.
func (l *lines) Write(p []byte) (int, error) {
	if l.room -= len(p); l.room < 0 {
		l.open = nil
		l.fail(tasks.Permanent(errOutput))
		return len(p), nil
	}
	l.open = append(l.open, p...)
	for {
		text, rest, found := bytes.Cut(l.open, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.open = rest
		l.read(text)
	}
}

// fail ends the program. The first failure counts.
func (l *lines) fail(err error) {
	if l.failed == nil {
		l.failed = err
		l.stop(err)
	}
}

// read reads one line.
func (l *lines) read(text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return
	}
	var one line
	if err := json.Unmarshal(text, &one); err != nil {
		l.fail(tasks.Permanent(lineFault(text, err)))
		return
	}
	if l.failed != nil && one.Type != "step" && one.Type != "undone" {
		return
	}
	switch one.Type {
	case "progress":
		l.teller.take(one.programProgress)
	case "begin", "step", "undone":
		if err := l.steps.take(one); err != nil {
			l.fail(err)
		}
	case "result":
		l.value = one.Result
		l.steps.end()
	case "error":
		err := fmt.Errorf("the program failed: %.300s", redact.Process.Text(one.Message))
		if one.Permanent {
			err = tasks.Permanent(err)
		}
		l.fail(err)
	default:
		l.fail(tasks.Permanent(fmt.Errorf("output line of type %.40q: use progress, begin, step, undone, result or error", one.Type)))
	}
}

// lineFault returns the error of a line that is none of the protocol. It shows the begin of the
// line, and is cut when no secret can be cut with it.
func lineFault(line []byte, err error) error {
	text := redact.Process.Text(string(line))
	switch {
	case line[0] != '{':
		return fmt.Errorf(`the program printed %.80q, and its standard output takes JSON objects, one to a line: print it to standard error (in Python print(..., file=sys.stderr), in Node console.error(...)), or tell it as {"type":"progress","message":"..."}`, text)
	case !json.Valid(line):
		return fmt.Errorf("output line %.80q is no valid JSON: %w: write each object whole, on a line of its own", text, err)
	}
	return fmt.Errorf("output line %.80q: %w", text, err)
}

// result returns the result of a program that ended well.
func (l *lines) result() (any, error) {
	if l.failed == nil {
		l.read(l.open) // a last line without its end
	}
	if l.failed != nil || l.value == nil {
		return nil, l.failed
	}
	return l.value, nil
}
