package format

import (
	"crypto/md5" //nolint:gosec // asynq's choice, for a key
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"switchyard/internal/tasks"
)

// Message is asynq's TaskMessage. The Go type is internal to asynq; the field numbers are
// those of asynq's internal/proto/asynq.proto. Times are Unix times in seconds, 0 for none,
// durations are in seconds.
type Message struct {
	Kind         string
	Payload      []byte
	ID           string
	Queue        string
	Retry        int // how often it may be retried
	Retried      int
	Error        string // of the last failure
	Timeout      int64  // 0: none
	Deadline     int64
	UniqueKey    string
	LastFailedAt int64
	Retention    int64
	CompletedAt  int64
	Group        string
	Headers      map[string]string

	unknown []byte // fields of later versions, kept as they are
}

// Decode reads a message. It shares no memory with the text. The error says what is not a
// message; such a text has no meaning, in whole or in part.
func Decode(text string) (*Message, error) {
	m := &Message{}
	for b := []byte(text); len(b) > 0; {
		n, err := m.field(b)
		if err != nil {
			return nil, fmt.Errorf("not a task message: %w", err)
		}
		b = b[n:]
	}
	for _, s := range []string{m.Kind, m.ID, m.Queue, m.Error, m.UniqueKey, m.Group} {
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("not a task message: %.40q is not UTF-8", s)
		}
	}
	return m, nil
}

// field reads the field that b begins with and returns its length.
func (m *Message) field(b []byte) (int, error) {
	number, kind, tag := protowire.ConsumeTag(b)
	if tag < 0 {
		return 0, protowire.ParseError(tag)
	}
	whole := protowire.ConsumeFieldValue(number, kind, b[tag:])
	if whole < 0 {
		return 0, protowire.ParseError(whole)
	}
	value, whole := b[tag:], tag+whole
	switch kind {
	case protowire.BytesType:
		text, _ := protowire.ConsumeBytes(value)
		known, err := m.setText(number, text)
		if known || err != nil {
			return whole, err
		}
	case protowire.VarintType:
		n, _ := protowire.ConsumeVarint(value)
		if m.setNumber(number, int64(n)) {
			return whole, nil
		}
	}
	m.unknown = append(m.unknown, b[:whole]...)
	return whole, nil
}

func (m *Message) setText(number protowire.Number, text []byte) (known bool, err error) {
	switch number {
	case 1:
		m.Kind = string(text)
	case 2:
		m.Payload = text
	case 3:
		m.ID = string(text)
	case 4:
		m.Queue = string(text)
	case 7:
		m.Error = string(text)
	case 10:
		m.UniqueKey = string(text)
	case 14:
		m.Group = string(text)
	case 15:
		return true, m.setHeader(text)
	default:
		return false, nil
	}
	return true, nil
}

func (m *Message) setNumber(number protowire.Number, n int64) (known bool) {
	switch number {
	case 5:
		m.Retry = int(int32(n))
	case 6:
		m.Retried = int(int32(n))
	case 8:
		m.Timeout = n
	case 9:
		m.Deadline = n
	case 11:
		m.LastFailedAt = n
	case 12:
		m.Retention = n
	case 13:
		m.CompletedAt = n
	default:
		return false
	}
	return true
}

// setHeader reads an entry of the map of headers.
func (m *Message) setHeader(entry []byte) error {
	var name, value string
	for len(entry) > 0 {
		number, kind, tag := protowire.ConsumeTag(entry)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		whole := protowire.ConsumeFieldValue(number, kind, entry[tag:])
		if whole < 0 {
			return protowire.ParseError(whole)
		}
		if kind == protowire.BytesType {
			text, _ := protowire.ConsumeBytes(entry[tag:])
			switch number {
			case 1:
				name = string(text)
			case 2:
				value = string(text)
			}
		}
		entry = entry[tag+whole:]
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return errors.New("a header is not UTF-8")
	}
	if m.Headers == nil {
		m.Headers = make(map[string]string)
	}
	m.Headers[name] = value
	return nil
}

// Encode returns m as asynq writes it, its headers in the order of their names.
func (m *Message) Encode() []byte {
	b := make([]byte, 0, len(m.Payload)+len(m.Error)+len(m.unknown)+160)
	b = appendText(b, 1, m.Kind)
	b = appendText(b, 2, string(m.Payload))
	b = appendText(b, 3, m.ID)
	b = appendText(b, 4, m.Queue)
	b = appendNumber(b, 5, int64(m.Retry))
	b = appendNumber(b, 6, int64(m.Retried))
	b = appendText(b, 7, m.Error)
	b = appendNumber(b, 8, m.Timeout)
	b = appendNumber(b, 9, m.Deadline)
	b = appendText(b, 10, m.UniqueKey)
	b = appendNumber(b, 11, m.LastFailedAt)
	b = appendNumber(b, 12, m.Retention)
	b = appendNumber(b, 13, m.CompletedAt)
	b = appendText(b, 14, m.Group)
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		header := appendAny(nil, 1, name)
		b = appendAny(b, 15, string(appendAny(header, 2, m.Headers[name])))
	}
	return append(b, m.unknown...)
}

// noHardLimit is what stands for none in asynq's format, which has no such thing: in a message
// without a timeout asynq reads half an hour.
const noHardLimit = 10 * 365 * 24 * time.Hour

// Allow writes into m what a policy lets its task do, for asynq's own workers too.
func (m *Message) Allow(p tasks.Policy) {
	limit := p.HardLimit
	if limit <= 0 {
		limit = noHardLimit
	}
	m.Retry, m.Timeout, m.Retention = p.Retries, WholeSeconds(limit), int64(p.Retention.Seconds())
}

// WholeSeconds rounds up: a limit must not become shorter, or none.
func WholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// Failed returns what, appended to the text of a message, makes text its last error, failed at
// the Unix time at: of a field that is there twice the last one counts.
func Failed(text string, at int64) []byte {
	return appendNumber(appendText(nil, 7, text), 11, at)
}

// Header returns what, appended to the text of a message, makes value the value of a header.
func Header(name, value string) []byte {
	return appendAny(nil, 15, string(appendAny(appendAny(nil, 1, name), 2, value)))
}

// Deadline returns what, appended to the text of a message, makes the Unix time at its deadline; 0
// takes it away.
func Deadline(at int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.VarintType), uint64(at))
}

// LockKey returns asynq's key of the lock of a unique task.
func LockKey(queue, kind string, payload []byte) string {
	lock := "unique:" + kind + ":"
	if payload != nil {
		sum := md5.Sum(payload) //nolint:gosec // as above
		lock += hex.EncodeToString(sum[:])
	}
	return Key(queue, lock)
}

// appendText appends a field, but not one that is empty: it is what its absence means.
func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return appendAny(b, field, s)
}

func appendAny(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

// appendNumber appends a field, but not one that is zero.
func appendNumber(b []byte, field protowire.Number, n int64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}
