package queue

import (
	"crypto/md5" //nolint:gosec // asynq's choice, for a key
	"encoding/hex"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"switchyard/internal/routing"
)

// message is a task on its way into a queue.
type message struct {
	id      string
	kind    string
	payload []byte
	headers map[string]string
	route   routing.Route
}

// encode returns m as asynq's TaskMessage, with the options of [asynqOptions]. Its Go
// type is internal to asynq; the field numbers are those of asynq's
// internal/proto/asynq.proto.
func (m message) encode() []byte {
	b := make([]byte, 0, len(m.payload)+160)
	b = appendString(b, 1, m.kind)
	b = appendString(b, 2, string(m.payload))
	b = appendString(b, 3, m.id)
	b = appendString(b, 4, m.route.Queue)
	b = appendNumber(b, 5, int64(m.route.Policy.Retries+1))
	b = appendNumber(b, 8, int64((m.route.Policy.HardLimit + abortGrace).Seconds()))
	if lock := m.lock(); lock != "" {
		b = appendString(b, 10, lock)
	}
	b = appendNumber(b, 12, int64(m.route.Policy.Retention.Seconds()))
	for _, name := range slices.Sorted(maps.Keys(m.headers)) {
		header := appendString(nil, 1, name)
		b = appendString(b, 15, string(appendString(header, 2, m.headers[name])))
	}
	return b
}

// lock returns asynq's key of a unique task's lock, "" if the task is not unique.
func (m message) lock() string {
	if m.route.Policy.Unique <= 0 {
		return ""
	}
	sum := md5.Sum(m.payload) //nolint:gosec // as above
	return keyOf(m.route.Queue, "unique:"+m.kind+":"+hex.EncodeToString(sum[:]))
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

// appendNumber appends a field, but not one that is zero: it is what its absence means.
func appendNumber(b []byte, field protowire.Number, n int64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}
