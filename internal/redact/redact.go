// Package redact leaves secrets out of what a process says. It knows them by their values,
// wherever they come from and wherever they turn up: in a log, in the error of a task, in what
// a command prints.
package redact

import (
	"encoding/binary"
	"io"
	"strings"
	"sync"
)

const (
	// Hidden stands for a secret, or a part of one.
	Hidden = "(hidden)"
	// MinLength is the length in bytes from which on a value is left out. A shorter one is
	// found in too much that has nothing to do with it.
	MinLength = 6
	// maxLength bounds what is taken for a secret, in bytes.
	maxLength = 16 << 10
	// long is the length from which on parts of a secret are left out, too: what is said is
	// often cut. A part has as many bytes as fit in a uint64, or more.
	long, part = 16, 8
)

// Process are the secrets of this process.
var Process = &Set{}

// Set is a set of secrets. The zero value is empty. It is safe for concurrent use.
type Set struct {
	mu     sync.RWMutex
	known  map[string]bool
	short  []string        // spellings that are left out as a whole
	parts  map[uint64]bool // of the long ones
	begins [1 << 16]bool   // the first two bytes of the parts
	hosts  map[string]bool // to whom every value of a query is a secret
}

// Know adds secrets. Those that are too short are not.
func (s *Set) Know(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		if len(value) < MinLength || len(value) > maxLength || s.known[value] {
			continue
		}
		if s.known == nil {
			s.known, s.parts = make(map[string]bool), make(map[uint64]bool)
		}
		s.known[value] = true
		for _, spelling := range spellings(value) {
			s.add(spelling)
		}
	}
}

func (s *Set) add(spelling string) {
	if len(spelling) < long {
		s.short = append(s.short, spelling)
		return
	}
	for i := 0; i+part <= len(spelling); i++ {
		s.parts[binary.BigEndian.Uint64([]byte(spelling[i:i+part]))] = true
		s.begins[uint16(spelling[i])<<8|uint16(spelling[i+1])] = true
	}
}

// Text returns text without the secrets, in whatever spelling they are there, and without the
// secrets of tokens.
func (s *Set) Text(text string) string {
	text = withoutTokens(text)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.known) == 0 || len(text) < MinLength {
		return text
	}
	var found []span
	for i := 0; i+part <= len(text); i++ {
		if s.begins[uint16(text[i])<<8|uint16(text[i+1])] && s.parts[binary.BigEndian.Uint64([]byte(text[i:i+part]))] {
			found = append(found, span{i, i + part})
		}
	}
	for _, spelling := range s.short {
		for from := 0; ; {
			i := strings.Index(text[from:], spelling)
			if i < 0 {
				break
			}
			found = append(found, span{from + i, from + i + len(spelling)})
			from += i + len(spelling)
		}
	}
	return without(text, found)
}

// Writer returns a writer that leaves the secrets out of each write, which is to have whole
// lines.
func (s *Set) Writer(w io.Writer) io.Writer { return writer{s.Text, w} }

type writer struct {
	without func(string) string
	to      io.Writer
}

// Write implements [io.Writer].
func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.without(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
