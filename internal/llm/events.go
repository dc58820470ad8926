package llm

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// event is one event of a stream.
type event struct {
	name string
	data []byte
}

// eventReader reads a stream of server-sent events, as the HTML standard has them
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), with lines that end in a
// line feed, also after a carriage return. An event that the stream ends in counts although
// no empty line follows it. How much is read, the reader below it bounds.
type eventReader struct {
	lines *bufio.Reader
	begun bool
}

func newEventReader(r io.Reader) *eventReader { return &eventReader{lines: bufio.NewReader(r)} }

// next returns the next event that has data. The error is [io.EOF] at the end.
func (r *eventReader) next() (event, error) {
	var e event
	for {
		line, err := r.lines.ReadBytes('\n')
		if !r.begun {
			line, r.begun = bytes.TrimPrefix(line, []byte("\ufeff")), true
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return event{}, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			e.name = string(value)
		case "data":
			if e.data != nil {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
		}
		switch {
		case len(e.data) > 0 && (len(line) == 0 || ended):
			return e, nil
		case ended:
			return event{}, io.EOF
		case len(line) == 0:
			e = event{}
		}
	}
}
