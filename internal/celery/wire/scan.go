package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects nest. Python's own reader gives up at about
// 1000; each step of a chain of groups takes about six.
const maxDepth = 500

// scanner walks JSON as Python writes it. It builds nothing: a value is a part of data.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

// valid says what is wrong with raw as one value of Python's JSON.
func valid(raw []byte) error {
	if !utf8.Valid(raw) {
		return fmt.Errorf("is not UTF-8")
	}
	s := scanner{data: raw}
	if err := s.value(); err != nil {
		return err
	}
	if s.space(); s.pos != len(raw) {
		return s.wrong("more follows after the end of the value")
	}
	return nil
}

func (s *scanner) wrong(what string) error {
	return fmt.Errorf("is not JSON: %s at byte %d", what, s.pos)
}

func (s *scanner) space() {
	for s.pos < len(s.data) && strings.IndexByte(" \t\r\n", s.data[s.pos]) >= 0 {
		s.pos++
	}
}

// take goes past c, and says whether it was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.pos >= len(s.data) || s.data[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

// value goes past one value.
func (s *scanner) value() error {
	s.space()
	if s.pos >= len(s.data) {
		return s.wrong("a value is missing")
	}
	switch c := s.data[s.pos]; {
	case c == '{':
		return s.nested('}', pass, true)
	case c == '[':
		return s.nested(']', pass, false)
	case c == '"':
		return s.text()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, word := range []string{"null", "true", "false", "NaN", "Infinity"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.wrong("no value begins so")
}

func pass(_, _ []byte) error { return nil }

// nested goes past an array or an object, and tells of each of its values.
func (s *scanner) nested(end byte, each func(key, value []byte) error, named bool) error {
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("nests more than %d arrays and objects: send less deep arguments or a shorter canvas", maxDepth)
	}
	defer func() { s.depth-- }()
	s.pos++
	if s.take(end) {
		return nil
	}
	for {
		var key []byte
		if s.space(); named {
			from := s.pos
			if err := s.text(); err != nil {
				return err
			}
			if key = s.data[from:s.pos]; !s.take(':') {
				return s.wrong("a colon is missing")
			}
		}
		s.space()
		from := s.pos
		if err := s.value(); err != nil {
			return err
		}
		if err := each(key, s.data[from:s.pos]); err != nil {
			return err
		}
		if s.take(end) {
			return nil
		}
		if !s.take(',') {
			return s.wrong("a comma or an end is missing")
		}
	}
}

func (s *scanner) text() error {
	if s.pos >= len(s.data) || s.data[s.pos] != '"' {
		return s.wrong("a text is missing")
	}
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c < 0x20:
			return s.wrong("a control character in a text")
		case c == '\\':
			if !s.escape() {
				return s.wrong("a broken escape in a text")
			}
		}
	}
	return s.wrong("a text does not end")
}

// escape goes to the last byte of an escape.
func (s *scanner) escape() bool {
	if s.pos++; s.pos >= len(s.data) {
		return false
	}
	if s.data[s.pos] != 'u' {
		return strings.IndexByte(`"\/bfnrt`, s.data[s.pos]) >= 0
	}
	if s.pos+4 >= len(s.data) {
		return false
	}
	for range 4 {
		if s.pos++; strings.IndexByte("0123456789abcdefABCDEF", s.data[s.pos]) < 0 {
			return false
		}
	}
	return true
}

func (s *scanner) number() error {
	from := s.pos
	if bytes.HasPrefix(s.data[s.pos:], []byte("-Infinity")) {
		s.pos += len("-Infinity")
		return nil
	}
	for s.pos < len(s.data) && strings.IndexByte("+-.0123456789eE", s.data[s.pos]) >= 0 {
		s.pos++
	}
	if !json.Valid(s.data[from:s.pos]) {
		s.pos = from
		return s.wrong("a broken number")
	}
	return nil
}
