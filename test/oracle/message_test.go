package oracle

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"switchyard/internal/queue/format"
)

// message puts what a message says, field by field: those that this test knows by their
// names, others by their number.
func message(text string, put func(part, text string)) {
	m, err := format.Decode(text)
	if err != nil {
		put("broken", hex.EncodeToString([]byte(text)))
		return
	}
	say := put
	put = func(part, text string) {
		if text != "" && text != "0" { // as good as absent
			say(part, text)
		}
	}
	put("kind", m.Kind)
	put("payload", string(m.Payload))
	put("id", m.ID)
	put("queue", m.Queue)
	put("retry", strconv.Itoa(m.Retry))
	put("retried", strconv.Itoa(m.Retried))
	put("error", m.Error)
	put("timeout", strconv.FormatInt(m.Timeout, 10))
	put("deadline", strconv.FormatInt(m.Deadline, 10))
	put("unique_key", m.UniqueKey)
	put("last_failed_at", strconv.FormatInt(m.LastFailedAt, 10))
	put("retention", strconv.FormatInt(m.Retention, 10))
	put("completed_at", strconv.FormatInt(m.CompletedAt, 10))
	put("group", m.Group)
	for name, value := range m.Headers {
		put("header."+name, value)
	}
	for _, number := range numbers([]byte(text)) {
		if !slices.Contains([]protowire.Number{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, number) {
			put(fmt.Sprintf("unknown %d", number), "there")
		}
	}
}

// numbers returns the fields of a protobuf message.
func numbers(b []byte) (all []protowire.Number) {
	for len(b) > 0 {
		number, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return all
		}
		all, b = append(all, number), b[n:]
	}
	return all
}
